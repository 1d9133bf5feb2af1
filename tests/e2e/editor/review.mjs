// A quick fix on a problem of another language server proposes changes: told when the run rests, shown as an editable multi-diff, one change accepted, another rejected with a reason.
import { scenario, until } from './workbench.mjs';
import fs from 'node:fs';

await scenario(async (window, { file, reason, after }) => {
  await window.openFile('stones.json');
  await window.page.locator('.squiggly-error').first().waitFor();
  await window.page.locator('.editor-instance .view-line', { hasText: 'laid' }).getByText('8', { exact: false }).last().click();
  await window.choosesFix('Cairn: Fix this');
  await window.notification('Cairn proposes 2 changes in 1 file').waitFor();
  await window.screenshot('1-proposed');
  await window.press('Cairn proposes 2 changes in 1 file', 'Review');
  const lenses = (title) => window.page.locator('.codelens-decoration a', { hasText: title });
  await lenses('Accept').nth(1).waitFor();
  const reasons = window.page.locator('.editor.modified .comment-range-glyph.comment-thread');
  await until('each change has its reason', async () => (await reasons.count()) === 2);
  await window.screenshot('2-review');
  await lenses('Accept').first().click();
  await until('the change is in the file', () => fs.readFileSync(file, 'utf8') === after);
  await until('one change is left', async () => (await lenses('Accept').count()) === 1);
  await until('so is its reason', async () => (await reasons.count()) === 1);
  await window.screenshot('3-accepted');
  await lenses('Reject').first().click();
  await window.answer('Cairn: Reject Change', reason);
  await until('nothing is left', async () => (await lenses('Accept').count()) === 0);
  await window.screenshot('4-rejected');
});
