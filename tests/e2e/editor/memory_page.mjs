// MEMORY.md as a language, by keyboard alone: a finding and its fix, what stands behind a claim, where it leads; a claim typed
// there is remembered.
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { gone, here, moved, about, claim }) => {
  await window.run('Cairn: Open Memory');
  await window.chooses('Project');
  await window.hasTab('MEMORY.md');
  await window.page.locator('.editor-instance [class*="squiggly-"]').first().waitFor();
  await window.screenshot('1-found');
  await window.key('F8');
  await window.page.locator('.marker-widget', { hasText: `${gone} is not in the project` }).waitFor();
  await window.key('Escape');
  await window.choosesFix(`Name ${moved} instead`);
  await window.showsLine(moved);
  await window.page.locator('.editor-instance [class*="squiggly-"]').first().waitFor({ state: 'detached' });

  await window.key('Control+S');
  await until('the claim has its lens', async () => (await window.page.locator('.codelens-decoration a', { hasText: 'Forget' }).count()) === 1);
  const hover = window.page.locator('.monaco-hover', { hasText: about });
  await until('the hover is there', async () => {
    await window.keys('Home', 'Control+K', 'Control+I'); // while lenses come in, VS Code takes a hover away again
    return await hover.waitFor({ timeout: 3_000 }).then(() => true, () => false);
  });
  await window.screenshot('2-hover');
  await window.key('Escape');
  await window.keys('End', 'ArrowLeft', 'F12');
  await window.hasTab('parser.py');
  await window.showsLine(here);
  await window.key('Control+Alt+-'); // back
  await window.showsLine(moved);

  await window.typeAtTheEnd(`- ${claim}`);
  await window.key('Control+S');
  await window.run('Cairn: Focus on Memory View');
  await window.row('Memory', claim).waitFor();
  await until('it has its lens', async () => (await window.page.locator('.codelens-decoration a', { hasText: 'Forget' }).count()) === 2);
  await window.screenshot('3-remembered');
});
