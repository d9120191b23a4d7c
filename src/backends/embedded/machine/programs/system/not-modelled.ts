import type { Program, ProgramTable } from "../../process.ts";
import { basename } from "../../files/paths.ts";

/** Commands that a fresh machine has, which the labs have no use for. */
const names =
  "apt-cdrom apt-config update-passwd bashbug cloud-init cpio debconf dpkg-reconfigure run-parts ischroot dpkg-split dpkg-divert " +
  "dpkg-buildpackage mkfs.ext4 fsck.ext4 tune2fs fdisk gpgv htop getconf ldd login lshw lsof losetup ssh scp ssh-keygen chsh gpasswd " +
  "groupdel chpasswd deluser addgroup pmap pwdx vmstat pstree rsync visudo loginctl localectl systemd-analyze systemd-cat systemd " +
  "telinit tmux unshare whereis agetty blkid ifconfig netstat route socat newuidmap newgidmap";

/** Simplified: the real command does its work; this one says that it is missing, instead of pretending. */
const notModelled: Program = async (process) => {
  await process.err(`${basename(process.argv[0] ?? "")}: not part of this lab's modelled machines\n`);
  return 1;
};

const nologin: Program = async (process) => {
  await process.out("This account is currently not available.\n");
  return 1;
};

export const notModelledPrograms: ProgramTable = {
  ...Object.fromEntries(names.split(" ").map((name) => [name, notModelled])),
  nologin,
  "invoke-rc.d": () => Promise.resolve(0),
  "update-rc.d": () => Promise.resolve(0),
};
