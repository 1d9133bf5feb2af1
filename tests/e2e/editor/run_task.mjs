// A task given in the palette: its document fills, its state stands in the status bar, and nobody can type into it.
// It is followed at its end however fast it grows, but not by one who reads further up.
import fs from 'node:fs';
import path from 'node:path';
import { scenario } from './workbench.mjs';

await scenario(async (window, { folder, prompt, shown, waiting, words }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.hasTab('Run ');
  await window.showsLine(waiting);
  await window.statusShows('running');
  await window.screenshot('1-running');
  await window.refusesTyping();
  await window.key('Control+Home');
  await window.showsLine(shown);
  fs.writeFileSync(path.join(folder, 'go'), ''); // the command waits for this file
  await window.statusShows('done');
  await window.showsLine(shown);
  await window.key('Control+End');
  await window.showsLine(words);
  await window.screenshot('2-done');
});
