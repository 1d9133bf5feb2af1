"""Programs and texts by what they may do, for `dangers`: no list of what is allowed."""

import re

from cairn_agents.gate.commands.words import named

Patterns = tuple[tuple[re.Pattern[str], str], ...]


def _some(*pairs: tuple[str, str]) -> Patterns:
    return tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), reason) for pattern, reason in pairs)


def _all(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


DESTRUCTIVE: dict[str, str] = {
    **_all("it erases or overwrites for good", "shred dd wipefs fdisk sfdisk parted gdisk blkdiscard srm truncate mkswap"),
    **_all("it stops or changes the machine", "shutdown reboot halt poweroff init telinit swapoff sysctl insmod rmmod modprobe kexec"),
    **_all("it changes services or what is started later", "systemctl service launchctl schtasks crontab at batch chkconfig rc-update update-rc.d update-alternatives loginctl systemd-run"),
    **_all("it ends other processes", "kill pkill killall skill xkill fuser taskkill"),
    **_all("it raises privileges", "sudo doas su pkexec runuser setcap visudo gosu"),
    **_all("it changes who may log in", "useradd userdel usermod groupadd groupmod passwd chpasswd adduser deluser chage ssh-copy-id"),
    **_all("it changes the network's filters", "iptables ip6tables nft ufw firewall-cmd ipset route"),
    **_all("it leaves its own corner of the machine", "nsenter unshare chroot mount umount pivot_root setenforce"),
    **_all("it changes what a file may do", "chattr setfacl"),
    **_all("it opens a way in or out of the machine", "nc ncat netcat socat telnet ngrok cloudflared chisel"),
}  # fmt: skip
"""Programs that are destructive whatever their arguments are."""

_WIPES = "it deletes for good"
_PUBLISHES = "it has an effect on others that cannot be taken back"
_SENDS = "it sends data away"
_LATER = "it changes what runs later"
_CODE = "it runs code from the network"
_SQL = (
    (r"\b(drop|truncate|delete\s+from|flushall|flushdb|dropdatabase|alter|update\s+\w+\s+set)\b", _WIPES),
)
_CODE_HARMS = (
    (
        r"unlink|rmtree|rmdir|os\.remove|removedirs|\.unlink|\brm\b.*-[rf]|fs\.(rm|unlink)|File\.delete|FileUtils|truncate|shutil\.move",
        _WIPES,
    ),
    (
        r"socket|urllib|requests\.|http\.client|https?://|Net::HTTP|fetch\(|/dev/tcp|\.sock\b",
        "its code reaches the network or another process",
    ),
    (r"setuid|os\.kill|process\.kill|ctypes", "its code reaches for the machine"),
)
_CLOUD = (
    (
        r"\b(rm|rb|delete|destroy|terminate|remove|purge|put|cp|mv|sync|apply|create|update|deploy|set|add|drain|scale|exec)\b|delete-|terminate-|put-",
        _PUBLISHES,
    ),
)

_BY_ARGUMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "rm": ((r"\s-\w*[rRf]|\s--(recursive|force|no-preserve-root)|[*?$~]|\s/|\.\.", "it deletes many files, or some outside the workspace"),),
    "rmdir": ((r"[*?$~]|\s/|\.\.", _WIPES),),
    "unlink": ((r"[$~]|\s/|\.\.", _WIPES),),
    "find": ((r"\s-delete\b|\s-(exec|execdir|ok|okdir)\s+(/\S*/)?(rm|shred|chmod|chown|mv|unlink|dd|sh|bash)\b", "it deletes or changes all it finds"),),
    "fd": ((r"\s(-x|-X|--exec|--exec-batch)\s*(/\S*/)?(rm|shred|chmod|chown|mv|unlink|dd|sh|bash)\b", "it deletes or changes all it finds"),),
    "chmod": ((r"\s-\w*R|--recursive|[ugoa]*\+[rwx]*s|\b[2467]\d{3}\b|777|\s/", "it changes what files may do, many or outside"),),
    "chown": ((r"\s-\w*R|--recursive|\s/", "it changes whose files they are"),),
    "chgrp": ((r"\s-\w*R|--recursive|\s/", "it changes whose files they are"),),
    "mv": ((r"[*?]|\s/dev/null", "it moves many files, or away for good"),),
    "cp": ((r"\s/dev/(null|zero)\b", "it empties files"), (r"\s/dev/(sd|nvme)", _WIPES)),
    "ln": ((r"\s-\w*f.*(\s~|\s/etc|\$HOME)", _LATER),),
    "ulimit": ((r"unlimited", "it takes away the limits of this machine's processes"),),
    "yes": ((r"", "it never ends, and can fill the disk"),),
    "curl": (
        (r"\s(-\w*[dFT]\b|--(data|form|upload-file|json)\S*|-X\s*(POST|PUT|PATCH|DELETE)|--request[= ](POST|PUT|PATCH|DELETE))", _SENDS),
        (r"\$\(|`|\$\w*(KEY|TOKEN|SECRET|PASS)", _SENDS),
    ),
    "wget": ((r"--(post|body)-(data|file)|--method", _SENDS), (r"\$\(|`", _SENDS)),
    **dict.fromkeys(("dig", "nslookup", "host", "ping", "ping6", "traceroute", "drill", "whois"), ((r"\$|`", _SENDS),)),
    "scp": ((r"", _SENDS),), "sftp": ((r"", _SENDS),), "ftp": ((r"", _SENDS),), "rclone": ((r"", _SENDS),),
    "rsync": ((r"\S+:|--delete|--remove-source-files", "it sends data away, or deletes at its target"),),
    "mail": ((r"", _SENDS),), "sendmail": ((r"", _SENDS),), "mutt": ((r"", _SENDS),), "telegram-send": ((r"", _SENDS),),
    "git": (
        (r"\spush\b.*(\s-\w*f\b|--force|--mirror|--delete|\s-d\b|--prune|\s:\S|\s\+\S)", "it overwrites or deletes what others have"),
        (r"\spush\s.*(\w+://|\S+@\S+:|\s/|\s\.\.)", "it sends the repository to another place"),
        (r"\sreset\b.*--(hard|merge|keep)", "it throws away changes that were not committed"),
        (r"\sclean\b.*\s(-\w*[fxXd]|--force)", "it deletes files that git does not know"),
        (r"\srestore\b(?!.*--staged\s+(?!.*--worktree))", "it throws away changes that were not committed"),
        (r"\scheckout\b.*(\s--\s|\s\.(\s|$)|\s-\w*f\b|--force|--theirs|--ours)", "it throws away changes that were not committed"),
        (r"\sswitch\b.*(--force|--discard-changes|\s-\w*f\b)", "it throws away changes that were not committed"),
        (r"\sbranch\b.*\s(-\w*[dDM]\b|--delete|--force|-f\b)", "it deletes or moves a branch"),
        (r"\stag\b.*\s(-d|--delete|-f|--force)\b", "it deletes or moves a tag"),
        (r"\sstash\s+(drop|clear|pop)\b", "it throws away what was put aside"),
        (r"\s(reflog\s+(expire|delete)|gc\b.*--(prune|aggressive)|prune\b|filter-branch|filter-repo|update-ref\b|replace\b|fast-import)", "it deletes history"),
        (r"\sworktree\s+(remove|prune)|\ssubmodule\s+deinit|\srm\b", "it deletes files"),
        (r"\sremote\s+(set-url|add|remove|rename)", "it changes where the repository is sent"),
        (r"\sconfig\b.*(--global|--system|\s-f\b|--file|core\.|alias\.|credential|http\.|url\.|include|filter\.|diff\.|merge\.|gpg\.|pager|editor|hook|command|--unset|--remove-section|\S\s+\S+\.\S+\s+\S)", _LATER),
        (r"\srebase\b.*(-x|--exec)|\sbisect\s+run|\s--upload-pack|\s--receive-pack|\sdaemon|\ssend-email", "it runs other programs, or sends data away"),
        (r"\scommit\b.*--amend|\srebase\b", "it rewrites commits"),
    ),
    "gh": ((r"\s(delete|remove|close|merge|archive|transfer|rename|edit|create|upload|set|add|lock|api)\b", _PUBLISHES),),
    "glab": ((r"\s(delete|remove|close|merge|create|upload|set|api)\b", _PUBLISHES),),
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), (
        (r"\s(publish|unpublish|deprecate|dist-tag|owner|access|team|login|adduser|logout|token|hook|star)\b", _PUBLISHES),
        (r"\sconfig\s+(set|delete|edit)|\sset\s|\sset-script", _LATER),
        (r"\s(install|i|add|exec|x|dlx)\b.*(git\+|https?://|git@|github:|file:/|\s/)", _CODE),
        (r"\s(-g|--global|--location=global)\b", "it changes the machine, not only this project"),
    )),
    **dict.fromkeys(("pip", "pip3", "uv", "pipx", "poetry"), (
        (r"(git\+|hg\+|https?://|git@|--(extra-)?index-url|\s-i\s|--find-links|--trusted-host)", _CODE),
        (r"\bconfig\s+(set|unset|edit)", _LATER),
        (r"\s(publish|upload)\b", _PUBLISHES),
        (r"--break-system-packages|\suninstall\b", "it changes the machine's own Python, or removes packages"),
    )),
    "twine": ((r"upload", _PUBLISHES),), "gem": ((r"\s(push|yank|owner)\b", _PUBLISHES),),
    "cargo": ((r"\s(publish|yank|owner|login|logout)\b", _PUBLISHES), (r"\s(install|add)\b.*--git", _CODE)),
    "mvn": ((r"\bdeploy\b|release:", _PUBLISHES),), "gradle": ((r"\bpublish", _PUBLISHES),), "dotnet": ((r"nuget\s+(push|delete)", _PUBLISHES),),
    "flyctl": ((r"", _PUBLISHES),), "vercel": ((r"", _PUBLISHES),), "netlify": ((r"", _PUBLISHES),), "heroku": ((r"", _PUBLISHES),),
    "wrangler": ((r"", _PUBLISHES),), "firebase": ((r"deploy|delete", _PUBLISHES),), "serverless": ((r"", _PUBLISHES),),
    "ansible": ((r"", _PUBLISHES),), "ansible-playbook": ((r"", _PUBLISHES),), "pulumi": ((r"\s(up|destroy|cancel|import)\b", _PUBLISHES),),
    "terraform": ((r"\s(apply|destroy|import|taint|state|force-unlock|workspace)\b", _PUBLISHES),), "tofu": ((r"\s(apply|destroy|import|state)\b", _PUBLISHES),),
    "kubectl": _CLOUD, "helm": ((r"\s(install|upgrade|uninstall|delete|rollback)\b", _PUBLISHES),), "oc": _CLOUD,
    "aws": _CLOUD, "gcloud": _CLOUD, "az": _CLOUD, "gsutil": _CLOUD, "doctl": _CLOUD, "s3cmd": _CLOUD, "mc": _CLOUD,
    **dict.fromkeys(("docker", "podman", "nerdctl"), (
        (r"--privileged|(-v|--volume|--mount)[= ]?\S*(/:|source=/|docker\.sock|\$HOME|~|/etc|/root|/home)|--(pid|net|network|ipc|userns)[= ]host|--cap-add|--device|--security-opt", "it gives a container the whole machine"),
        (r"\s(rm|rmi|prune|kill|stop|swarm|login)\b|\ssystem\s|\svolume\s+rm|down\b.*(-v|--volumes)", "it deletes or stops containers, or what they hold"),
    )),
    **dict.fromkeys(("psql", "mysql", "mariadb", "sqlite3", "mongosh", "mongo", "redis-cli", "duckdb", "clickhouse-client", "sqlcmd", "cqlsh"), _SQL),
    **dict.fromkeys(("dropdb", "dropuser", "mysqladmin"), ((r"", _WIPES),)),
    **dict.fromkeys(("python", "python2", "python3", "perl", "ruby", "node", "php", "deno", "lua", "rscript", "osascript", "pwsh", "powershell", "bash", "sh", "zsh", "dash", "ksh", "fish", "eval", "awk", "gawk"), _CODE_HARMS),
    "ssh": ((r"\S+\s+\S*(rm|shutdown|reboot|dd|mkfs|kill)\b", "it changes another machine"), (r"\s-\w*[RLDw]\b|ProxyCommand|LocalCommand", "it opens a way between machines")),
    "tar": ((r"--to-command|--checkpoint-action|\s-I\b|--use-compress-program|--remove-files|\s-\w*P|--absolute-names|\s-C\s*/", "it runs programs, or writes outside the workspace"),),
    "crontab": ((r"", _LATER),), "enable": ((r"\s-f", _LATER),),
    "gpg": ((r"--(delete|import|edit|sign|decrypt|export-secret)", "it uses or changes keys"),), "openssl": ((r"s_client|enc\s|-d\b", "it uses keys or reaches the network"),),
    "apt": ((r"\s(remove|purge|autoremove|install|upgrade|full-upgrade|dist-upgrade)\b", "it changes the machine"),),
    "brew": ((r"\s(uninstall|remove|cleanup|services|tap)\b", "it changes the machine"),),
    "dpkg": ((r"\s(-i|-r|-P|--install|--remove|--purge)\b", "it changes the machine"),),
    "conda": ((r"\s(remove|uninstall|config|clean)\b", "it changes the machine"),),
    "defaults": ((r"\swrite|\sdelete", _LATER),), "reg": ((r"\s(add|delete)\b", _LATER),), "setx": ((r"", _LATER),),
    "sed": ((r"\s-\w*i.*(/etc/|~/|\$HOME)", _LATER),),
}  # fmt: skip

_PACKAGES = ("apt-get", "dnf", "yum", "apk", "pacman", "zypper", "snap", "choco")
BY_ARGUMENTS: dict[str, Patterns] = {
    **{name: _some(*pairs) for name, pairs in _BY_ARGUMENTS.items()},
    **dict.fromkeys(_PACKAGES, _some(*_BY_ARGUMENTS["apt"])),
}
"""Programs that are destructive with certain arguments: patterns over the whole call, each with its reason."""

_FETCH = r"(curl|wget|fetch|aria2c|https?|lynx)\b"
_RUN = r"(env\s+|sudo\s+|command\s+|exec\s+|nohup\s+)*(/\S*/)?(ba|z|da|k|fi)?sh\b|python[0-9.]*\b|perl\b|ruby\b|node\b|php\b|source\b|eval\b"
IN_TEXT: Patterns = _some(
    (rf"{_FETCH}[^;]*\|\s*(\S+\s*\|\s*)*({_RUN})", _CODE),
    (rf"({_RUN})[^|;&]*(<\(|\$\(|`)\s*[^)]*{_FETCH}", _CODE),
    (rf"{_FETCH}.*(&&|;|\|\|)\s*(chmod\s+\S*[x7]\S*\s.*)(&&|;)\s*\S*/", _CODE),
    (rf"{_FETCH}\s[^|;&]*\s(-\w*[oO]\s*|>\s*)(\S+).*(&&|;|\n)\s*({_RUN})\s+\S*\3", _CODE),
    (
        rf"(base64|openssl|xxd|gunzip|zcat|rev|uudecode)\b[^|;&]*\|\s*({_RUN})",
        "it runs what was hidden by an encoding",
    ),
    (
        rf"(\benv\b|\bprintenv\b|\bset\b|export -p|declare -p|\.env\b|id_rsa|\.ssh/|\.aws/|\.netrc|_KEY\b|_TOKEN\b|SECRET|PASSWORD)[^;]*\|[^;]*\b({_FETCH}|nc\b|ncat\b|socat\b|ssh\b|dig\b|mail\b)",
        _SENDS,
    ),
    (r"\|\s*(xargs\b[^|]*|while\b.*)\b(curl|wget|dig|nslookup|host|ping|nc)\b", _SENDS),
    (r"/dev/(tcp|udp)/", _SENDS),
    (
        r"\|\s*(sudo\s+)?xargs\b[^|;]*\b(rm|shred|unlink|mv|chmod|chown|kill|dd)\b",
        "it deletes or changes all that it is given",
    ),
    (r":\s*\(\s*\)\s*\{.*\|.*&\s*\}|while\s+(:|true)\s*;?.*&\s*done", "it starts processes without end"),
    (r">\s*/dev/(sd|nvme|hd|vd|mem)", "it overwrites a disk"),
)
"""What can be seen only over a whole command. They look far ahead, so they are held against short texts only."""
IN_LONG_TEXT: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = (
    (re.compile(_FETCH), re.compile(rf"[|;&(`\n]\s*({_RUN})"), _CODE),
    (re.compile(r"_KEY\b|_TOKEN\b|SECRET|PASSWORD|\.env\b|\benv\b|\.ssh/"), re.compile(_FETCH), _SENDS),
    (re.compile(r"\bxargs\b"), re.compile(r"\b(rm|shred|unlink|mv|chmod|chown|kill|dd)\b"), _WIPES),
    (re.compile(r"/dev/(tcp|udp)/"), re.compile(""), _SENDS),
)
"""The same for long texts, coarser: both patterns stand somewhere in it. In linear time."""

SHELLS = named("bash sh zsh dash ksh fish csh tcsh pwsh powershell cmd eval source . exec trap")
INTERPRETERS = named(
    "python python2 python3 perl ruby node nodejs php deno bun lua luajit rscript osascript tclsh expect gdb lldb awk gawk mawk "
    "ts-node tsx ipython jshell ghci scala groovy irb erl elixir julia octave guile racket sbcl emacs vim nvim ex ed"
)
"""Programs that run the code they are given."""

_ANY = re.compile("")


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\s({pattern})\b")


NETWORK: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(
        named(
            "curl wget http https ssh scp sftp rsync ftp dig nslookup host ping ping6 traceroute whois drill aria2c lynx w3m gh glab "
            "aws gcloud az kubectl helm npx pnpx bunx uvx pipx apt apt-get brew dnf yum apk pacman snap nmap mosh yt-dlp"
        ),
        _ANY,
    ),
    "git": _words("fetch|pull|push|clone|ls-remote|remote|submodule|archive|send-pack|fetch-pack"),
    **dict.fromkeys(
        ("npm", "pnpm", "yarn", "bun"),
        _words(
            "install|i|ci|add|update|upgrade|audit|outdated|view|info|create|init|dlx|exec|search|ping|whoami|link"
        ),
    ),
    "pip": _words("install|download|index|search|wheel"),
    "pip3": _words("install|download|index|search|wheel"),
    "uv": _words("add|sync|pip|lock|tool|python|run"),
    "poetry": _words("add|install|update|lock"),
    "cargo": _words("install|add|update|fetch|search"),
    "go": _words("get|install|mod"),
    "gem": _words("install|update|fetch"),
    "bundle": _words("install|update|add"),
    "composer": _words("install|update|require"),
    "conda": _words("install|create|update"),
    "docker": _words("pull|push|build|run|login|search|compose"),
    "podman": _words("pull|push|build|run|login|search"),
    "terraform": _words("init|plan|apply|get"),
    "mvn": _ANY,
}
SECRETS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(named("env printenv history keyring security pass gpg op vault secret-tool"), _ANY),
    "set": re.compile(r"^set$"),
    "export": re.compile(r"^export(\s+-p)?$"),
    "declare": re.compile(r"^declare(\s+-[px]+.*)?$"),
    "typeset": re.compile(r"^typeset(\s+-[px]+.*)?$"),
    "gh": re.compile(r"\sauth\s+(token|status)"),
    "git": re.compile(r"\sconfig\b|\scredential"),
    "npm": re.compile(r"\s(config|token)\s+(ls|list|get)"),
    "aws": re.compile(r"\s(configure|sts|secretsmanager|ssm)\b"),
    "gcloud": re.compile(r"\sauth\b"),
    "kubectl": re.compile(r"\s(get|describe)\s+secrets?|\sconfig\s+view"),
    "ps": re.compile(r"\s-?\w*[eE]"),
    "docker": re.compile(r"\s(inspect|exec|logs)\b"),
}
WRITES = named(
    "touch cp mv mkdir rmdir rm ln tee install sed patch tar unzip zip gzip gunzip bzip2 xz unxz split csplit truncate sponge "
    "dos2unix unix2dos chmod chown chgrp black ruff prettier eslint gofmt rustfmt isort autopep8 clang-format mktemp mkfifo "
    "rename mmv fallocate git yq jq sort uniq tree base64 shuf convert ffmpeg pandoc"
)
