// The host is killed under an open window: the window finds the next one, and what became of the run; it is resumed there.
import fs from 'node:fs';
import path from 'node:path';
import { scenario } from './workbench.mjs';

await scenario(async (window, { folder, prompt, waiting, words }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.showsLine(waiting);
  await window.statusShows('running');
  const { pid } = JSON.parse(fs.readFileSync(path.join(folder, '.cairn/local/host.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await window.statusShows('interrupted');
  await window.showsLine('Interrupted');
  await window.screenshot('1-interrupted');
  fs.writeFileSync(path.join(folder, 'go'), '');
  await window.run('Cairn: Resume Session');
  await window.statusShows('done');
  await window.showsLine(words);
  await window.screenshot('2-resumed');
});
