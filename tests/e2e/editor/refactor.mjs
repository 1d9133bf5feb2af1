// Selected lines are refactored as the user says in an input box; the proposal is edited where it is reviewed, the agent is told
// in a reply to its reasons, and the edited text is accepted by keyboard.
import fs from 'node:fs';
import { scenario, until } from './workbench.mjs';

await scenario(async (window, { words, said, edited, file, reply, answer }) => {
  await window.openFile('stones.py');
  await window.keys('Control+Home', 'Shift+ArrowDown', 'Shift+ArrowDown');
  await window.choosesFix('Cairn: Refactor as I say');
  await window.answer('Cairn: Refactor', words);
  await window.notification('Cairn proposes 1 change in 1 file').waitFor();
  await window.press('Cairn proposes 1 change in 1 file', 'Review');
  const right = window.page.locator('.editor.modified .view-line', { hasText: said.split('(')[0] });
  await right.first().click();
  await window.keys('Home', 'Shift+End');
  await window.page.keyboard.type(`${edited}:`);
  await window.key('Control+S');
  await window.screenshot('1-edited');
  await window.page.locator('.editor.modified .comment-range-glyph.comment-thread').first().click();
  const toReply = window.page.locator('.review-widget .review-thread-reply-button').first();
  if (!(await toReply.waitFor({ timeout: 10_000 }).then(() => true, () => false))) {
    // The oldest VS Code of the rig draws no comments in a multi-diff: there the file is opened by itself.
    await window.page.locator('.multiDiffEntry .codicon-go-to-file').first().click();
    await window.run('Comments: Expand All Comments');
  }
  await toReply.click();
  await window.page.keyboard.type(reply);
  await window.screenshot('2-reply');
  await window.page.locator('.review-widget').getByRole('button', { name: 'Tell the Agent' }).click();
  await window.page.locator('.review-widget .review-comment', { hasText: reply }).waitFor();
  await window.statusShows('step 3');
  await window.statusShows('done');
  await window.screenshot('3-told');
  await window.page.locator('.tab', { hasText: 'Proposed: ' }).click();
  await window.page.locator('.editor.modified .view-line', { hasText: edited.split('(')[0] }).first().click();
  await window.keys('Control+K', 'Alt+Y'); // Accept Change
  await until('the edited text is in the file', () => fs.readFileSync(file, 'utf8').includes(edited));
  await window.screenshot('4-accepted');
});
