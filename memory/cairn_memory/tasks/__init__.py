"""Tasks: what is to be done, what was done and what shows it; a tree that all sessions of a workspace share."""

from cairn_memory.tasks.evidence import Evidence
from cairn_memory.tasks.progress import progress, task_line, task_lines
from cairn_memory.tasks.rules import TaskError
from cairn_memory.tasks.spending import Spending, SpendingBook, Spent
from cairn_memory.tasks.task import Task, number_in
from cairn_memory.tasks.tree import TaskTree, read_tasks

__all__ = [
    "Evidence",
    "Spending",
    "SpendingBook",
    "Spent",
    "Task",
    "TaskError",
    "TaskTree",
    "number_in",
    "progress",
    "read_tasks",
    "task_line",
    "task_lines",
]
