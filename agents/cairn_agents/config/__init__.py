"""The settings, from TOML files: what there is, where each value comes from, what is wrong with the files.

loaded = load_config(user.config_file, workspace.config, os.environ)
loaded.config.budget.max_steps
loaded.problems                 # one line each, to be shown to a person
loaded.origins["model.name"]    # "built-in", a file, or a variable
"""

from cairn_agents.config.load import LoadedConfig, load_config
from cairn_agents.config.settings import Config

__all__ = ["Config", "LoadedConfig", "load_config"]
