#!/usr/bin/env bash
# Start a SLURM of one node on the loopback interface, run tests/cluster/run_on_slurm.py on it, and stop what was started.
# Needs root; installs Debian's slurm-wlm and munge where they are missing. `make cluster-test` runs it. All that it writes
# goes to a temporary folder, which is removed at the end unless something failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$PWD/.venv/bin/python

refuse() {
    echo "tests/cluster/slurm.sh: $1" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || refuse "run as user $(id -un), expected root: slurmd starts jobs as their users"
for program in munged mungekey slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null && continue
    apt-get install --yes --no-install-recommends slurm-wlm munge || refuse "no $program, expected Debian's slurm-wlm and munge"
done
for daemon in slurmctld slurmd; do
    ! pgrep -x "$daemon" >/dev/null || refuse "a $daemon is running on this machine; this test starts its own"
done

folder=$(mktemp -d /tmp/rnnscope-slurm.XXXXXX)
chmod 755 "$folder" # munged asks for a folder that all can enter
daemons=()
test=

start() { # a daemon in the foreground of a process of ours, so that its id is known
    "$@" >>"$folder/daemons.log" 2>&1 &
    daemons+=("$!")
}
wait_until() { # wait_until "what" command...
    local what=$1 tries
    shift
    for tries in $(seq 60); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.5
    done
    refuse "waited 30 s for $what; the logs are in $folder"
}
no_job_is_left() { [ -z "$(squeue --noheader)" ]; }
stop() {
    local status=$? index
    set +e
    trap - EXIT INT TERM HUP
    if [ -n "$test" ]; then # still running: interrupted. Snakemake may wait for its jobs, which are cancelled next.
        kill -- "-$test" 2>/dev/null && sleep 2
        kill -KILL -- "-$test" 2>/dev/null
    fi
    if [ -n "${SLURM_CONF:-}" ] && scontrol ping >/dev/null 2>&1; then
        scancel --user=root # SLURM_CONF names our SLURM: no other job is reached
        (wait_until "the jobs to end" no_job_is_left) # on its own, so that it does not end this function
    fi
    for ((index = ${#daemons[@]} - 1; index >= 0; index--)); do
        kill "${daemons[index]}" 2>/dev/null
        wait "${daemons[index]}" 2>/dev/null
    done
    if [ "$status" = 0 ]; then rm -rf "$folder"; else echo "failed; everything is in $folder" >&2; fi
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

mkdir "$folder"/{munge,state,spool}
mungekey --create --keyfile "$folder/munge/key"
chown -R munge "$folder/munge"
munge_file() { echo "--$1=$folder/munge/$1"; }
start setpriv --reuid=munge --regid=munge --clear-groups \
    munged --foreground --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
    "$(munge_file pid-file)" "$(munge_file log-file)" "$(munge_file seed-file)"
wait_until munged test -S "$folder/munge/socket"

read -r controller_port node_port < <("$python" -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(server.getsockname()[1] for server in sockets))')
host=$(hostname -s)
megabytes=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
export SLURM_CONF=$folder/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=rnnscope
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# A job that takes more memory than it asked for is killed.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
# Jobs that ended stay in scontrol's list until the end of the test.
MinJobAge=3600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$megabytes State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
start slurmctld -D
wait_until slurmctld scontrol ping
start slurmd -D
node_is_idle() { [ "$(sinfo --noheader --format=%T)" = idle ]; }
wait_until "an idle node" node_is_idle

# The executor plugin takes SLURM_CONF from the environment of a job's srun, which would then look in /etc/slurm.
mkdir "$folder/bin"
printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" >"$folder/bin/srun"
chmod +x "$folder/bin/srun"
export PATH=$folder/bin:$PATH

echo "SLURM $(sinfo --version | cut -d' ' -f2): $(sinfo --noheader --format='%D node, %c cores, %m MB')"

# In a process group of its own and in the background, so that an interrupted test ends at once and with all its processes.
PYTHONPATH=tests setsid "$python" tests/cluster/run_on_slurm.py "$folder" &
test=$!
wait "$test"
test=
