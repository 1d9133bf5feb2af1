// Somebody types and does not save: the agent reads that, its edit comes into the open document, and one undo takes it back.
import fs from 'node:fs';
import path from 'node:path';
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { folder, file, typed, edited, words }) => {
  await window.openFile(file);
  await window.typeAtTheEnd(typed);
  const onDisk = fs.readFileSync(path.join(folder, file), 'utf8');
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', 'Go through the stones');
  await window.statusShows('done');
  await window.showsLine(words);
  await window.openFile(file);
  await window.showsLine(edited);
  await window.screenshot('1-edited');
  await window.key('Control+Z');
  await window.showsLine(typed);
  await window.page.locator('.editor-instance .view-line', { hasText: edited }).waitFor({ state: 'detached' });
  await window.screenshot('2-undone');
  await until('nothing was saved', () => fs.readFileSync(path.join(folder, file), 'utf8') === onDisk);
});
