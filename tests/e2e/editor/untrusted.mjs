// A folder that is not trusted: what its own settings name is not run, what the user's name serves, and a command is needed to start it.
import fs from 'node:fs';
import path from 'node:path';
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { folder, evil, prompt, words }) => {
  await window.page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.showsLine(words);
  await window.statusShows('done');
  await window.screenshot('1-restricted');
  await until('the host has its folder', () => fs.existsSync(path.join(folder, '.cairn', 'local')));
  if (fs.existsSync(evil)) {
    throw new Error('the command in the settings of a folder that is not trusted was run');
  }
});
