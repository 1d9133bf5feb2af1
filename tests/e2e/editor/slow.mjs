// The server takes its time: until it has answered no view says that it is empty, whatever the user looks at meanwhile; then it does.
import fs from 'node:fs';
import { requireNoWelcome, watchWelcome } from './welcome.mjs';
import { scenario } from './workbench.mjs';

await scenario(async (window, { asked, answer }) => {
  await window.run('Cairn: Focus on Runs View');
  await window.view('Runs').locator('.monaco-progress-container.active').waitFor();
  for (let turn = 0; turn < 2; turn++) {
    await window.run('View: Show Explorer');
    await window.page.locator('.explorer-folders-view').waitFor();
    await window.run('Cairn: Focus on Runs View');
    await window.view('Runs').waitFor();
  }
  if (!fs.existsSync(asked)) {
    throw new Error('the server was not started');
  }
  await requireNoWelcome(window);
  fs.writeFileSync(answer, '');
  await window.showsWelcome('No run yet');
}, watchWelcome);
