// A window with several folders: each that a task is given to has a row of its own in the views, but for one of the same
// repository as another: they share a host, and so a row.
import { scenario } from './workbench.mjs';

await scenario(async (window, { prompt, words }) => {
  await window.run('Cairn: Focus on Runs View');
  for (const [count, folder] of ['second', 'project', 'docs'].entries()) {
    await window.run('Cairn: Run Task');
    await window.chooses(folder);
    await window.answer('Cairn: Run Task', prompt);
    await window.page.locator('.tab', { hasText: 'Run ' }).nth(count).waitFor(); // it takes the keyboard
    await window.row('Runs', prompt).nth(count).waitFor();
    await window.row('Runs', folder === 'docs' ? 'project' : folder).waitFor();
  }
  await window.statusShows('done');
  await window.showsLine(words);
  await window.row('Runs', 'docs').waitFor({ state: 'detached' });
  await window.screenshot('1-folders');
});
