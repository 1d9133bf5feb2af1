import * as vscode from 'vscode';
import type { ChangesShown } from './protocol';
import { type ProposedFiles } from './reviewFiles';

/** The agent's reasons beside what it proposes, and the user's words back to it. */
export class ReviewComments implements vscode.Disposable {
  private readonly controller = vscode.comments.createCommentController('cairn.review', 'Cairn');
  private readonly threads = new Map<string, vscode.CommentThread>();
  private readonly listener: vscode.Disposable;

  constructor(private readonly files: ProposedFiles) {
    this.controller.options = { placeHolder: 'Words to the agent', prompt: 'Reply to the agent' };
    this.listener = files.onDidLoad((shown) => this.show(shown));
  }

  /** One thread for each reason, at the first change that it is given for; it stays while that is so, whatever becomes of the lines. */
  private show({ session, files }: ChangesShown): void {
    const now = new Set<string>();
    for (const file of files) {
      const uri = this.files.address(session, file);
      for (const { first, reasons } of file.parts.filter((part) => part.reasons.length > 0)) {
        const key = [uri, ...reasons].join('\n');
        if (now.has(key)) {
          continue;
        }
        now.add(key);
        const at = new vscode.Range(first, 0, first, 0);
        const thread = this.threads.get(key) ?? this.create(uri, at, file.label, reasons);
        thread.range = at;
        this.threads.set(key, thread);
      }
    }
    [...this.threads].filter(([key, { uri }]) => uri.query === session && !now.has(key)).forEach(([key]) => this.leave(key));
  }

  /** The words go to the session that proposed it, which goes on with them. */
  async reply({ thread, text }: vscode.CommentReply): Promise<void> {
    const found = await this.files.of(thread.uri);
    if (!found) {
      throw new Error('Nothing is proposed for this file any more.');
    }
    const line = (thread.range?.start.line ?? 0) + 1;
    const prompt = `On what you propose for ${found.file.path}, line ${line}: ${text}`;
    await found.folder.connection.request('cairn/run/resume', { session: found.session, prompt });
    thread.comments = [...thread.comments, comment('You', text)];
  }

  dispose(): void {
    [this.listener, ...this.threads.values(), this.controller].forEach((part) => part.dispose());
  }

  private create(uri: vscode.Uri, at: vscode.Range, label: string, reasons: readonly string[]): vscode.CommentThread {
    const thread = this.controller.createCommentThread(uri, at, reasons.map((reason) => comment('Cairn', reason)));
    thread.label = label;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    return thread;
  }

  /** A thread goes with what it is about. */
  private leave(key: string): void {
    this.threads.get(key)?.dispose();
    this.threads.delete(key);
  }
}

/** The agent's words come as a string, which VS Code shows as it is: nothing in them is a link or a command. */
function comment(name: string, text: string): vscode.Comment {
  return { body: text, mode: vscode.CommentMode.Preview, author: { name } };
}
