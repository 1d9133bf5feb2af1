// The extension with the server in it, and no server anywhere else: it sets it up by itself and runs a task with it.
import { scenario } from './workbench.mjs';

await scenario(async (window, { prompt, words, origin }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.notification('setting up its server').waitFor();
  await window.screenshot('1-setting-up');
  await window.hasTab('Run ');
  await window.showsLine(words);
  await window.statusShows('done');
  await window.run('Cairn: Check Server');
  await window.notification(origin).waitFor();
  await window.screenshot('2-done');
});
