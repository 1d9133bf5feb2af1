// The walkthrough leads to the demo: a real run in a project of its own fills the views and asks one thing, which is
// answered by keyboard.
import { scenario } from './workbench.mjs';

await scenario(async (window, { title, task, command, words }) => {
  await window.run('Welcome: Open Walkthrough...');
  await window.offers(title);
  await window.picks(title);
  await window.walkthroughShows('Try a demo task');
  await window.screenshot('1-walkthrough');
  await window.run('Cairn: Try Demo Task');
  await window.hasTab('Run ');
  await window.row('Tasks', task).waitFor();
  await window.row('Runs', 'running').waitFor();
  await window.screenshot('2-working');
  await window.row('Checkpoints', 'Checkpoint 1').waitFor();
  await window.statusShows('1 approval waits');
  await window.row('Approvals', command).waitFor();
  await window.screenshot('3-asked');
  await window.focuses('Approvals', 'Control+K', 'a');
  await window.approval(command);
  await window.chooses('Allow');
  await window.statusShows('done');
  await window.showsLine(words);
  await window.screenshot('4-done');
  await window.run('Cairn: Try Demo Task'); // another time, in the place of the first
  await window.statusShows('running');
  await window.run('Cairn: Stop');
  await window.statusShows('interrupted');
});
