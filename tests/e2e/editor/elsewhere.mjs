// A run begun in a terminal, in a folder that Cairn has never worked in, shows up in the window that is open there.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { scenario } from './workbench.mjs';

await scenario(async (window, { folder, server, prompt, waiting, words }) => {
  const terminal = spawn(server[0], ['run', prompt, '--json', '--yes'], { cwd: folder, stdio: 'ignore' });
  try {
    await window.statusShows('running');
    await window.run('Cairn: Open Run');
    await window.showsLine(waiting);
    fs.writeFileSync(path.join(folder, 'go'), ''); // the command waits for this file
    await window.showsLine(words);
    await window.statusShows('done');
    await window.screenshot('1-done');
  } finally {
    terminal.kill();
  }
});
