// The window is reloaded while a run goes on: the run is still there, and is seen to its end.
import fs from 'node:fs';
import path from 'node:path';
import { scenario } from './workbench.mjs';

await scenario(async (window, { folder, prompt, waiting, words }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.showsLine(waiting);
  await window.reload();
  await window.statusShows('running');
  await window.hasTab('Run ');
  await window.screenshot('1-reloaded');
  fs.writeFileSync(path.join(folder, 'go'), ''); // the command waits for this file
  await window.showsLine(words);
  await window.statusShows('done');
  await window.screenshot('2-done');
  await window.refusesTyping();
});
