// The extension with the server in it, on a machine without Python: one message says what was tried, and leads on.
import { scenario } from './workbench.mjs';

await scenario(async (window, { says }) => {
  await window.run('Cairn: Check Server');
  for (const words of says) {
    await window.notification(words).waitFor();
  }
  await window.screenshot('1-message');
  await window.press(says[0], 'Open Settings');
  await window.hasSetting('Server: Command');
});
