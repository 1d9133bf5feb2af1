// A run seen in the views: its tasks and checkpoints fill them, an approval is answered there by keyboard alone, the page
// is closed and opened again while it goes on, its work is taken back to a checkpoint and put back, another run is stopped.
// At the end something is remembered, forgotten, put back and found.
import fs from 'node:fs';
import path from 'node:path';
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { folder, prompt, task, command, other, claim, waiting, words }) => {
  await window.run('Cairn: Focus on Tasks View');
  await window.showsWelcome('No task is open here');
  await window.screenshot('1-empty');
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.showsLine(waiting);
  await window.row('Tasks', task).waitFor();
  await window.row('Runs', prompt).filter({ hasText: 'running' }).waitFor();
  await window.run('Cairn: Make Checkpoint');
  await window.row('Checkpoints', 'Checkpoint 1').waitFor();
  await window.screenshot('2-working');

  await window.close();
  await window.open();
  await window.statusShows('running');
  await window.run('Cairn: Focus on Tasks View');
  await window.row('Tasks', task).waitFor();
  await window.row('Checkpoints', 'Checkpoint 1').waitFor();
  await window.run('Cairn: Open Run'); // VS Code knows which editors were open only where it came to save that
  await window.showsLine(waiting);
  await window.screenshot('3-again');

  fs.writeFileSync(path.join(folder, 'go'), ''); // the command waits for this file
  await window.statusShows('1 approval waits');
  await window.row('Approvals', command).waitFor();
  await window.screenshot('4-asked');
  await window.focuses('Approvals', 'Control+K', 'a');
  await window.keys('ArrowDown', 'Enter');
  await window.chooses('Allow');
  await window.statusShows('done');
  await window.showsLine(words);
  await window.notification('agent asks').waitFor({ state: 'detached' });
  await until('the command ran', () => fs.existsSync(path.join(folder, 'cairn.txt')));
  await window.screenshot('5-done');

  await window.run('Cairn: Compare Checkpoint');
  await window.hasTab('Since checkpoint c1');
  await window.screenshot('6-compared');
  await window.run('Cairn: Rewind to Checkpoint');
  await window.dialog('Rewind to checkpoint');
  await window.screenshot('7-preview');
  await window.pressInDialog('Rewind');
  await window.notification('Taken back').waitFor();
  await until('the file is gone', () => !fs.existsSync(path.join(folder, 'cairn.txt')));
  await window.press('Taken back', 'Undo');
  await until('the file is back', () => fs.existsSync(path.join(folder, 'cairn.txt')));

  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', `${prompt} again`);
  await window.page.locator('.tab', { hasText: 'Run ' }).nth(1).waitFor(); // it takes the keyboard
  await window.row('Approvals', other).waitFor();
  await window.run('Cairn: Stop');
  await window.statusShows('interrupted');
  await window.view('Approvals').waitFor({ state: 'detached' });

  await window.run('Cairn: Remember Fact');
  await window.answer('What shall be remembered', claim);
  await window.row('Memory', claim).waitFor();
  await window.run('Cairn: Forget Claim');
  await window.row('Memory', claim).waitFor({ state: 'detached' });
  await window.press('Cairn forgot', 'Undo');
  await window.row('Memory', claim).waitFor();
  await window.keys('Control+K', 'q');
  await window.chooses(claim);
  await window.hasTab('MEMORY.md');
  await window.showsLine(claim);
  await window.theme('Dark High Contrast', 'hc-black');
  await window.screenshot('8-dark-high-contrast');
  await window.theme('Light High Contrast', 'hc-light');
  await window.screenshot('9-light-high-contrast');
});
