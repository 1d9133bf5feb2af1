// A server command that does not work: one message says so and leads to the log and to the setting.
import { scenario } from './workbench.mjs';

await scenario(async (window, { prompt }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.notification('The Cairn server did not start').waitFor();
  await window.screenshot('1-message');
  await window.press('The Cairn server did not start', 'Open Settings');
  await window.hasSetting('Server: Command');
  await window.screenshot('2-settings');
});
