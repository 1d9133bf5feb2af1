// What a person sees and does in the workbench.
import path from 'node:path';

export class Window {
  /** `url` opens the folder; `browser` has the page. */
  constructor(browser, url, shots) {
    this.browser = browser;
    this.url = url;
    this.shots = shots;
  }

  /** A page of its own, which shows the folder. */
  async open() {
    this.page = await this.browser.newPage();
    await this.page.goto(this.url);
    await this.isReady();
  }

  /** As a person closes the tab: nobody is asked, and the extension host ends a while later. */
  async close() {
    await this.page.close();
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

  /** Runs a command by its whole name in the palette, which is opened again where a document took the keyboard from it. */
  async run(command) {
    const row = this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: command });
    const shown = (what) => what.waitFor({ timeout: 3_000 }).then(() => true, () => false);
    for (const end = Date.now() + 60_000; !(await row.isVisible()) && Date.now() < end; ) {
      if (!(await this.quickInput.isVisible())) {
        await this.page.keyboard.press('F1'); // a page that is just taking the focus swallows it
      }
      if (await shown(this.quickInput)) {
        await this.quickInput.fill(`>${command}`, { timeout: 3_000 }).catch(() => undefined);
        await shown(row);
      }
    }
    await row.waitFor({ timeout: 1_000 });
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

  /** Opens a file that lies in the folder itself. Not by Quick Open: the oldest VS Code of the rig finds no files. */
  async openFile(name) {
    await this.run('View: Show Explorer');
    await this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-lines').first().click();
  }

  async typeAtTheEnd(text) {
    await this.key('Control+End');
    await this.page.keyboard.type(text);
    await this.showsLine(text);
  }

  async key(name) {
    await this.page.keyboard.press(name);
  }

  /** Types into the editor and waits for VS Code to say that it may not be changed. */
  async refusesTyping() {
    await this.page.locator('.editor-instance .view-lines').first().click();
    await this.page.keyboard.type('x');
    await this.page.locator('.monaco-editor-overlaymessage', { hasText: 'read-only' }).waitFor();
  }

  /** One of Cairn's views. */
  view(name) {
    return this.page.locator(`.pane:has(.pane-header[aria-label^="${name} Section"])`);
  }

  row(view, text) {
    return this.view(view).locator('.monaco-list-row', { hasText: text });
  }

  /** Presses keys until the rows of a view have the keyboard: a page that is just taking the focus swallows them. */
  async focuses(view, ...keys) {
    const rows = this.view(view).locator('.monaco-list:focus');
    for (const end = Date.now() + 30_000; !(await rows.isVisible()) && Date.now() < end; ) {
      await this.keys(...keys);
      await rows.waitFor({ timeout: 3_000 }).catch(() => undefined);
    }
    await rows.waitFor({ timeout: 1_000 });
  }

  /** Presses keys one after another. */
  async keys(...keys) {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  async showsWelcome(text) {
    await this.page.locator('.welcome-view-content', { hasText: text }).waitFor();
  }

  /** Chooses in the list with a title that is open, by keyboard. Returns when that list is gone. */
  async chooses(name) {
    const title = this.page.locator('.quick-input-widget .quick-input-title');
    await title.waitFor();
    const shown = await title.textContent();
    await this.picks(name);
    await this.page.locator('.quick-input-widget .quick-input-title', { hasText: shown }).waitFor({ state: 'hidden' });
  }

  /** Waits for a list to offer it. */
  async offers(name) {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().waitFor();
  }

  /** Chooses in the list that is open, by keyboard. */
  async picks(name) {
    await this.quickInput.fill(name);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).first().waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Waits for a step of the walkthrough that is open. */
  async walkthroughShows(step) {
    await this.page.locator('.gettingStartedContainer .getting-started-step', { hasText: step }).waitFor();
  }

  /** Opens an approval's answers from the focused view: its rows lie below a folder's where there are several. */
  async approval(text) {
    const row = this.view('Approvals').locator('.monaco-list-row.focused', { hasText: text });
    for (const end = Date.now() + 30_000; !(await row.isVisible()) && Date.now() < end; ) {
      await this.page.keyboard.press('ArrowDown');
      await row.waitFor({ timeout: 500 }).catch(() => undefined);
    }
    await this.page.keyboard.press('Enter');
  }

  /** Applies the code action of that name where the cursor is, by keyboard. */
  async choosesFix(name) {
    const rows = this.page.locator('.action-widget .monaco-list-row.action');
    const offered = () => rows.filter({ hasText: name }).waitFor({ timeout: 3_000 }).then(() => true, () => false);
    for (const end = Date.now() + 30_000; !(await offered()) && Date.now() < end; ) {
      await this.key('Control+.'); // the server may be about to start
    }
    const focused = this.page.locator('.action-widget .monaco-list-row.focused', { hasText: name });
    for (let left = await rows.count(); left > 0 && !(await focused.isVisible()); left--) {
      await this.key('ArrowDown');
    }
    await focused.waitFor();
    await this.key('Enter');
  }

  /** Waits for VS Code to say that the folder is not trusted. */
  async restricted() {
    await this.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  }

  async dialog(text) {
    await this.page.locator('.monaco-dialog-box', { hasText: text }).waitFor();
  }

  async pressInDialog(button) {
    await this.page.locator('.monaco-dialog-box').getByRole('button', { name: button, exact: true }).click();
  }

  /** Chooses a colour theme; the workbench is of class `kind` then. */
  async theme(name, kind) {
    await this.keys('Control+K', 'Control+T');
    await this.page.locator('.quick-input-list .monaco-list-row.focused').waitFor();
    await this.page.keyboard.type(name);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor();
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
