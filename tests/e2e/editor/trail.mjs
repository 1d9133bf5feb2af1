// The trail of a session as a page with a picture, and a fork that goes on from its end.
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { prompt, words, told, other }) => {
  await window.run('Cairn: Run Task');
  await window.answer('Cairn: Run Task', prompt);
  await window.hasTab('Run ');
  await window.statusShows('done');
  await window.run('Cairn: Show Trail');
  await window.hasTab('Preview trail.md');
  const page = await previewed(window.page);
  await page.getByRole('heading', { name: 'Checkpoints of session' }).waitFor();
  const picture = page.getByRole('img', { name: told });
  await until('the picture is drawn', async () => await picture.evaluate((image) => image.complete && image.naturalWidth > 0));
  await window.screenshot('1-trail');

  await window.run('Cairn: Fork Run');
  await window.answer('What shall the fork do?', other);
  await window.showsLine(words);
  await window.run('Cairn: Focus on Runs View');
  await window.row('Runs', other).filter({ hasText: 'done' }).waitFor();
  await window.screenshot('2-forked');
});

/** The frame in which VS Code shows a Markdown preview. */
async function previewed(page) {
  let frame;
  await until('a preview is there', async () => {
    for (const candidate of page.frames()) {
      if ((await candidate.locator('.markdown-body').count().catch(() => 0)) > 0) {
        frame = candidate;
      }
    }
    return frame !== undefined;
  });
  return frame;
}
