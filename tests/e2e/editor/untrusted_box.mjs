// A folder that is not trusted names a server and puts programs in the way: only the server in the box is set up.
import { scenario } from './workbench.mjs';

await scenario(async (window, { origin }) => {
  await window.restricted();
  await window.run('Cairn: Check Server');
  await window.notification(origin).waitFor();
  await window.screenshot('1-checked');
});
