import * as vscode from 'vscode';
import type { Connection } from './client';
import type { ApprovalChoice, ApprovalShown } from './protocol';
import { plain } from './tree';

export type Answer = ApprovalChoice['name'];

/** The commands that answer without a choice, which the view and its menus offer too. */
export const ANSWERS = {
  'cairn.allow': 'allow',
  'cairn.allowForSession': 'session',
  'cairn.allowAlways': 'always',
  'cairn.deny': 'deny',
  'cairn.denyWithWords': 'words',
} as const satisfies Record<string, Answer>;

const SHOW = { title: 'Show Approvals' };

/** Past calls that are looked up while a pattern is edited. */
const MATCHES = 5;

/**
 * The calls that wait for a person. The host keeps them and says what is asked and how it can be answered. One
 * notification at a time names the agent and leads to the view; closing it answers nothing.
 */
export class Approvals {
  private asked: readonly string[] = [];
  private announced = new Set<string>();
  private asking: string | undefined;

  constructor(private readonly connection: Connection) {}

  /** These wait now, the oldest first. */
  heard(asked: readonly string[]): void {
    this.asked = asked;
    this.announced = new Set(asked.filter((id) => this.announced.has(id)));
    if (this.asking !== undefined && !asked.includes(this.asking)) {
      this.asking = undefined; // answered elsewhere: its notification must not ask on
      void vscode.commands.executeCommand('notifications.hideToasts');
    }
    void this.announce(); // it takes as long as the notification is open
  }

  /** Lets the user choose an answer. Leaving is none: the call goes on waiting. */
  async choose(id: string): Promise<void> {
    const approval = await this.show(id);
    const items = approval.choices.map((choice) => ({ label: choice.title, description: plain(choice.description), choice }));
    const picked = approval.open && (await vscode.window.showQuickPick(items, { title: approval.question, ignoreFocusOut: true }));
    if (picked) {
      await this.give(approval, picked.choice);
    } else if (!approval.open) {
      void vscode.window.showInformationMessage(`Cairn: ${approval.question}`);
    }
  }

  /** Gives the answer of this name, after asking for what belongs to it. */
  async answer(id: string, name: Answer): Promise<void> {
    const approval = await this.show(id);
    const choice = approval.choices.find((each) => each.name === name);
    if (!choice) {
      throw new Error(approval.open ? 'This can only be allowed once, or denied.' : approval.question);
    }
    await this.give(approval, choice);
  }

  private async show(id: string): Promise<ApprovalShown> {
    return await this.connection.request('cairn/approval/show', { id });
  }

  private async give(approval: ApprovalShown, { decision, asks, prompt: title, hint: prompt, value }: ApprovalChoice): Promise<void> {
    const validateInput = (pattern: string) => (asks === 'pattern' ? this.covered(approval, pattern) : null);
    const typed = asks && (await vscode.window.showInputBox({ title, prompt, value, validateInput, ignoreFocusOut: true }));
    if (typed === undefined) {
      return;
    }
    const given = { id: approval.id, decision, pattern: asks === 'pattern' ? typed : '', words: asks === 'words' ? typed : '' };
    const { accepted, told } = await this.connection.request('cairn/approval/answer', given);
    if (!accepted) {
      void vscode.window.showInformationMessage(`Cairn: ${told}`);
    }
  }

  /** Of a pattern that is to be allowed always: the past calls it would have covered. */
  private async covered({ id, name }: ApprovalShown, pattern: string): Promise<string | vscode.InputBoxValidationMessage> {
    if (!pattern.trim()) {
      return 'An empty pattern allows nothing.';
    }
    try {
      const { refused, told } = await this.connection.request('cairn/gate/past', { tool: name, pattern, approval: id, limit: MATCHES });
      return refused || { message: told, severity: vscode.InputBoxValidationSeverity.Info };
    } catch (error) {
      return String(error);
    }
  }

  private async announce(): Promise<void> {
    const id = this.asked.find((each) => !this.announced.has(each));
    if (this.asking !== undefined || id === undefined) {
      return;
    }
    this.announced.add(id);
    this.asking = id;
    try {
      const approval = await this.show(id);
      const quick = approval.choices.filter(({ name }) => approval.brief && (name === 'allow' || name === 'deny'));
      const choice = approval.open ? await vscode.window.showWarningMessage(approval.question, ...quick, SHOW) : undefined;
      this.asking = this.asking === id ? undefined : this.asking;
      const given = quick.find((each) => each === choice);
      if (given) {
        await this.give(approval, given);
      } else if (choice) {
        await vscode.commands.executeCommand('cairn.approvals.focus');
      }
    } catch (error) {
      this.asking = this.asking === id ? undefined : this.asking;
      void vscode.window.showErrorMessage(`Cairn: the answer did not arrive: ${String(error)}`);
    }
    await this.announce();
  }
}
