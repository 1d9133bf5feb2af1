// A session was interrupted: the window offers it, and shows what changed. Then a key, a message written in an editor
// with a file named in it, sent by a key; and the trail as a picture.
import { scenario } from './workbench.mjs';

await scenario(async (window, { key, named, words }) => {
  const { page } = window;
  await window.notification('A session was interrupted').waitFor();
  await window.screenshot('1-offered');
  await window.press('A session was interrupted', 'Show what changed');
  await window.hasTab('What changed');
  await window.showsLine('## What changed since');
  await window.notification('Shall the session go on?').waitFor();
  await window.screenshot('2-changed');
  await window.press('Shall the session go on?', 'Not now');

  await window.run('Cairn: Set API Key');
  await window.answer('Cairn: Set API Key', key);

  await window.run('Cairn: Compose Task');
  await page.locator('.monaco-editor.focused').waitFor();
  await page.locator('.codelens-decoration', { hasText: 'Send as a new task' }).waitFor();
  await page.keyboard.type('Lay the stones of @file:READ');
  await page.locator('.suggest-widget.visible .monaco-list-row', { hasText: named }).waitFor();
  await window.screenshot('3-compose');
  await page.keyboard.press('Enter');
  await window.showsLine(`Lay the stones of @file:${named}`);
  await page.keyboard.press('Control+Enter');
  await window.showsLine(words);
  await window.statusShows('done');
  await window.screenshot('4-sent');

  await window.run('Cairn: Show Trail');
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'Lay the stones' }).waitFor();
  await page.keyboard.press('Enter');
  await window.hasTab('trail.md');
  await window.screenshot('5-trail');
});
