import * as vscode from 'vscode';
import type { Connection } from './client';
import type { AnswerApproval, Approval } from './protocol';
import type { Sessions } from './sessions';
import { Throttle } from './throttle';

type Decision = AnswerApproval['decision'];

interface Choice {
  readonly title: string;
  readonly decision?: Decision;
}

const DECISIONS: readonly Choice[] = [
  { title: 'Allow', decision: 'allow' },
  { title: 'Allow for Session', decision: 'session' },
  { title: 'Deny', decision: 'deny' },
];
const SHOW_DETAIL: Choice = { title: 'Show Detail' };
const DETAIL_SCHEME = 'cairn-approval';
const REFRESH_MS = 100;

/** What fits a notification, which shows one paragraph; the rest is a click away, never hidden. */
const BRIEF = 200;

/**
 * The calls that wait for a person. The host keeps them; this asks for them again whenever one may have
 * changed. One notification at a time names the agent; closing it answers nothing.
 */
export class Approvals implements vscode.Disposable {
  private announced = new Set<string>();
  private asking = false;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly refreshed = new Throttle(REFRESH_MS, () => this.refresh());
  private readonly disposables: vscode.Disposable[];

  /** Oldest first. */
  pending: readonly Approval[] = [];
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly connection: Connection,
    private readonly sessions: Sessions,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables = [
      this.changed,
      this.refreshed,
      vscode.workspace.registerTextDocumentContentProvider(DETAIL_SCHEME, { provideTextDocumentContent: (uri) => this.detail(uri.query) }),
      connection.onDidChange((connected) => connected && this.refreshed.call()),
      connection.onEvent(({ kind }) => {
        if (kind.startsWith('approval.') || kind.startsWith('session.')) {
          this.refreshed.call();
        }
      }),
    ];
  }

  /** Lets the user choose an approval, when several wait, and an answer. */
  async choose(): Promise<void> {
    const approval = await this.pick();
    if (!approval) {
      return;
    }
    const choices = [...DECISIONS, SHOW_DETAIL].map((choice) => ({
      label: choice.title,
      description: choice.decision === 'session' ? approval.grant : '',
      choice,
    }));
    const picked = await vscode.window.showQuickPick(choices, { title: this.question(approval), ignoreFocusOut: true });
    await this.act(approval, picked?.choice);
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  private async pick(): Promise<Approval | undefined> {
    if (this.pending.length < 2) {
      if (this.pending.length === 0) {
        void vscode.window.showInformationMessage('Cairn: no approval waits.');
      }
      return this.pending[0];
    }
    const items = this.pending.map((approval) => ({ label: approval.title, description: approval.name, approval }));
    return (await vscode.window.showQuickPick(items, { title: 'Which approval?' }))?.approval;
  }

  private async refresh(): Promise<void> {
    try {
      this.pending = (await this.connection.request('cairn/approval/list', {})).approvals;
    } catch (error) {
      this.log.warn(`the approvals could not be read: ${String(error)}`);
      return;
    }
    this.announced = new Set(this.pending.map(({ id }) => id).filter((id) => this.announced.has(id)));
    this.changed.fire();
    await this.announce();
  }

  private async announce(): Promise<void> {
    const approval = this.pending.find(({ id }) => !this.announced.has(id));
    if (this.asking || !approval) {
      return;
    }
    this.announced.add(approval.id);
    this.asking = true;
    try {
      const buttons = fits(approval) ? DECISIONS : [...DECISIONS, SHOW_DETAIL];
      await this.act(approval, await vscode.window.showWarningMessage(this.question(approval), ...buttons));
    } catch (error) {
      void vscode.window.showErrorMessage(`Cairn: the answer did not arrive: ${String(error)}`);
    } finally {
      this.asking = false;
    }
    await this.announce();
  }

  private async act(approval: Approval, choice: Choice | undefined): Promise<void> {
    if (choice?.decision) {
      await this.answer(approval, choice.decision);
    } else if (choice) {
      await this.showDetail(approval);
    }
  }

  private async answer(approval: Approval, decision: Decision): Promise<void> {
    const { accepted } = await this.connection.request('cairn/approval/answer', { id: approval.id, decision });
    if (!accepted) {
      void vscode.window.showInformationMessage(`Cairn: "${approval.title}" had been answered before.`);
    }
  }

  private async showDetail(approval: Approval): Promise<void> {
    const uri = vscode.Uri.from({ scheme: DETAIL_SCHEME, path: `/Approval of ${approval.name}`, query: approval.id });
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  private detail(id: string): string {
    const approval = this.pending.find((candidate) => candidate.id === id);
    if (!approval) {
      return 'This approval has been answered.\n';
    }
    const { title, reason, detail, grant } = approval;
    return [title, reason, detail, grant && `"Allow for Session" would allow: ${grant}`].filter(Boolean).join('\n\n') + '\n';
  }

  /** "Cairn's build agent asks: run `make test`": who asks, for what, and what a yes for the session would mean. */
  private question(approval: Approval): string {
    const { session, title, detail, grant } = approval;
    const agent = this.sessions.get(session)?.mode;
    const asks = `Cairn${agent ? `'s ${agent} agent` : ''} asks: ${title}`;
    const more = fits(approval) && !title.includes(detail) ? ` — ${detail}` : '';
    const lasting = grant && !title.includes(grant) ? ` (for the session: ${grant})` : '';
    return `${asks}${more}${lasting}`;
  }
}

function fits({ detail }: Approval): boolean {
  return detail.length <= BRIEF && !detail.includes('\n');
}
