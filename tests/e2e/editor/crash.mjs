// The host is killed under an open window: the window finds the next one, and what became of the run; it is resumed there.
// Killed once more while the window is loaded anew: the views wait for the next one, and do not say that they are empty.
import fs from 'node:fs';
import path from 'node:path';
import { requireNoWelcome, watchWelcome } from './welcome.mjs';
import { scenario } from './workbench.mjs';

function killHost(folder) {
  const { pid } = JSON.parse(fs.readFileSync(path.join(folder, '.cairn/local/host.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
}

await scenario(async (window, { folder, prompt, waiting, words }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.showsLine(waiting);
  await window.statusShows('running');
  killHost(folder);
  await window.statusShows('interrupted');
  await window.showsLine('Interrupted');
  await window.screenshot('1-interrupted');
  fs.writeFileSync(path.join(folder, 'go'), '');
  await window.run('Cairn: Resume Session');
  await window.statusShows('done');
  await window.showsLine(words);
  await window.screenshot('2-resumed');
  await window.run('Cairn: Focus on Runs View');
  await window.row('Runs', prompt).waitFor();
  const loaded = window.page.waitForEvent('load');
  await window.run('Developer: Reload Window');
  await loaded;
  killHost(folder);
  await window.row('Runs', prompt).waitFor();
  await requireNoWelcome(window);
}, watchWelcome);
