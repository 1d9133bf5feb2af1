// What a person sees and does in the workbench.
import path from 'node:path';

export class Window {
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
  }

  /** Cairn's item in the status bar. */
  get status() {
    return this.page.locator('.statusbar-item[id$="cairn.status"]');
  }

  async isReady() {
    await this.page.locator('.monaco-workbench').waitFor();
    await this.status.waitFor();
  }

  /** As a person does it: VS Code saves which editors are open, and the extension host ends. */
  async reload() {
    const loaded = this.page.waitForEvent('load');
    await this.run('Developer: Reload Window');
    await loaded;
    await this.isReady();
  }

  async statusShows(text) {
    await this.status.filter({ hasText: text }).waitFor();
  }

  /** Runs a command by its whole name in the palette. */
  async run(command) {
    await this.page.keyboard.press('F1');
    await this.quickInput.fill(`>${command}`);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: command }).waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Answers the input box with that title. */
  async answer(title, text) {
    await this.page.locator('.quick-input-title', { hasText: title }).waitFor();
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
  }

  get quickInput() {
    return this.page.locator('.quick-input-widget input').first();
  }

  /** Waits for a tab of that name. */
  async hasTab(name) {
    await this.page.locator('.tab', { hasText: name }).waitFor();
  }

  /** Waits for a visible line of the editor to hold the text. Only what is on the screen counts. */
  async showsLine(text) {
    // VS Code draws spaces as no-break spaces.
    const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '[ \\u00a0]'));
    await this.page.locator('.editor-instance .view-line').filter({ hasText: pattern }).first().waitFor();
  }

  /** Types into the editor and waits for VS Code to say that it may not be changed. */
  async refusesTyping() {
    await this.page.locator('.editor-instance .view-lines').first().click();
    await this.page.keyboard.type('x');
    await this.page.locator('.monaco-editor-overlaymessage', { hasText: 'read-only' }).waitFor();
  }

  async hasSetting(label) {
    await this.page.locator('.settings-editor .setting-item', { hasText: label }).waitFor();
  }

  notification(text) {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  async press(notification, button) {
    await this.notification(notification).getByRole('button', { name: button, exact: true }).click();
  }

  async screenshot(name) {
    await this.page.screenshot({ path: path.join(this.shots, `${name}.png`), animations: 'disabled' });
  }
}
