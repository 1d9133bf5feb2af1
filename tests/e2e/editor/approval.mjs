// A call that waits for a person: shown in the status bar and one notification, allowed there, and the run goes on.
import { scenario } from './workbench.mjs';

await scenario(async (window, { prompt, command, words }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.notification("Cairn's build agent asks").filter({ hasText: command }).waitFor();
  await window.statusShows('1 approval waits');
  await window.screenshot('1-asked');
  await window.press("Cairn's build agent asks", 'Allow');
  await window.showsLine(words);
  await window.statusShows('done');
  await window.screenshot('2-done');
});
