import type { Profile } from "../../../../../domain/backend.ts";
import { deb } from "../packages/deb.ts";
import type { Deb, DebFile } from "../packages/deb.ts";

/**
 * Packages of a fresh Ubuntu server image that bring commands: name, version on 20.04, version on 24.04, then folders with
 * the commands in them. A command runs the program of its own name.
 */
const table = `
apt 2.0.10 2.7.14build2 /usr/bin:apt,apt-cache,apt-cdrom,apt-config,apt-get,apt-key,apt-mark
base-files 11ubuntu5.8 13ubuntu10
base-passwd 3.5.47 3.6.3build1 /usr/sbin:update-passwd
bash 5.0-6ubuntu1.2 5.2.21-2ubuntu4 /bin:bash,rbash /usr/bin:bashbug
bc 1.07.1-2build1 1.07.1-3ubuntu4 /usr/bin:bc
bind9-dnsutils 1:9.16.1-0ubuntu2.16 1:9.18.24-0ubuntu5 /usr/bin:dig,nslookup
bind9-host 1:9.16.1-0ubuntu2.16 1:9.18.24-0ubuntu5 /usr/bin:host
bsdutils 1:2.34-0.1ubuntu9.4 1:2.39.3-9ubuntu6 /usr/bin:logger,script
bsdmainutils 11.1.2ubuntu3 12.1.8 /usr/bin:column,hexdump
bzip2 1.0.8-2 1.0.8-5.1 /bin:bunzip2,bzip2
ca-certificates 20230311ubuntu0.20.04.1 20240203 /usr/sbin:update-ca-certificates
cloud-init 23.3.3-0ubuntu0~20.04.1 24.1.3-0ubuntu3 /usr/bin:cloud-init
coreutils 8.30-3ubuntu2 9.4-3ubuntu6 /bin:cat,chgrp,chmod,chown,cp,date,dd,df,dir,echo,false,ln,ls,mkdir,mknod,mktemp,mv,pwd,readlink,rm,rmdir,sleep,stty,sync,touch,true,uname,vdir /usr/bin:[,arch,b2sum,base32,base64,basename,chcon,cksum,comm,csplit,cut,dircolors,dirname,du,env,expand,expr,factor,fmt,fold,groups,head,hostid,id,install,join,link,logname,md5sum,mkfifo,nice,nl,nohup,nproc,numfmt,od,paste,pathchk,pinky,pr,printenv,printf,ptx,realpath,runcon,seq,sha1sum,sha224sum,sha256sum,sha384sum,sha512sum,shred,shuf,sort,split,stat,stdbuf,sum,tac,tail,tee,test,timeout,tr,truncate,tsort,tty,unexpand,uniq,unlink,users,wc,who,whoami,yes /usr/sbin:chroot
cpio 2.13+dfsg-2ubuntu0.4 2.15+dfsg-1ubuntu2 /bin:cpio
cron 3.0pl1-136ubuntu1 3.0pl1-184ubuntu2 /usr/bin:crontab /usr/sbin:cron
curl 7.68.0-1ubuntu2.21 8.5.0-2ubuntu10 /usr/bin:curl
dash 0.5.10.2-6 0.5.12-6ubuntu5 /bin:dash
dbus 1.12.16-2ubuntu2.3 1.14.10-4ubuntu4 /usr/bin:dbus-daemon
debconf 1.5.73 1.5.86 /usr/bin:debconf /usr/sbin:dpkg-reconfigure
debianutils 4.9.1 5.17build1 /bin:run-parts,which /usr/bin:ischroot
diffutils 1:3.7-3 1:3.10-1build1 /usr/bin:cmp,diff,diff3,sdiff
dpkg 1.19.7ubuntu3.2 1.22.6ubuntu6 /usr/bin:dpkg,dpkg-deb,dpkg-query,dpkg-split,dpkg-divert,update-alternatives
e2fsprogs 1.45.5-2ubuntu1.1 1.47.0-2.4 /sbin:mkfs.ext4,fsck.ext4,tune2fs
file 1:5.38-4 1:5.45-3build1 /usr/bin:file
findutils 4.7.0-1ubuntu1 4.9.0-5build1 /usr/bin:find,xargs
fdisk 2.34-0.1ubuntu9.4 2.39.3-9ubuntu6 /sbin:fdisk
gawk 1:5.0.1+dfsg-1 1:5.2.1-2build3 /usr/bin:gawk
gnupg 2.2.19-3ubuntu2.2 2.4.4-2ubuntu17
gpg 2.2.19-3ubuntu2.2 2.4.4-2ubuntu17 /usr/bin:gpg
gpgv 2.2.19-3ubuntu2.2 2.4.4-2ubuntu17 /usr/bin:gpgv
grep 3.4-1 3.11-4build1 /bin:egrep,fgrep,grep
gzip 1.10-0ubuntu4.1 1.12-1ubuntu3 /bin:gunzip,gzip,zcat
hostname 3.23 3.23+nmu2ubuntu2 /bin:hostname,domainname
htop 2.2.0-2build1 3.3.0-4build1 /usr/bin:htop
init-system-helpers 1.57 1.66ubuntu1 /usr/sbin:service,invoke-rc.d,update-rc.d
iproute2 5.5.0-1ubuntu1 6.1.0-1ubuntu6 /bin:ip,ss /sbin:bridge,tc
iptables 1.8.4-3ubuntu2.1 1.8.10-3ubuntu2 /usr/sbin:iptables,ip6tables,iptables-save,iptables-restore,iptables-nft,iptables-legacy
iputils-ping 3:20190709-3 3:20240117-1build1 /bin:ping
kmod 27-1ubuntu2.1 31+20240202-2ubuntu7 /bin:kmod,lsmod /sbin:modprobe,rmmod,insmod,modinfo,depmod
less 551-1ubuntu0.1 590-2ubuntu2 /bin:less
libc-bin 2.31-0ubuntu9.14 2.39-0ubuntu8 /usr/bin:getconf,getent,ldd,locale /sbin:ldconfig
libseccomp2 2.5.1-1ubuntu1~20.04.2 2.5.5-1ubuntu3
libc6 2.31-0ubuntu9.14 2.39-0ubuntu8
libgcc-s1 10.5.0-1ubuntu1~20.04 14-20240412-0ubuntu1
libstdc++6 10.5.0-1ubuntu1~20.04 14-20240412-0ubuntu1
libsystemd0 245.4-4ubuntu3.23 255.4-1ubuntu8
libcap2 1:2.32-1ubuntu0.1 1:2.66-5ubuntu2
libssl1.1 1.1.1f-1ubuntu2.21 -
libgnutls30 3.6.13-2ubuntu1.10 3.8.3-1.1ubuntu3
libcurl4 7.68.0-1ubuntu2.21 -
login 1:4.8.1-1ubuntu5.20.04.5 1:4.13+dfsg1-4ubuntu3 /bin:login /usr/sbin:nologin
lsb-release 11.1.0ubuntu2 12.0-2 /usr/bin:lsb_release
lshw 02.18.85-0.3ubuntu2.20.04.1 02.19.git /usr/bin:lshw
lsof 4.93.2+dfsg-1ubuntu0.20.04.1 4.95.0-1build3 /usr/bin:lsof
mawk 1.3.4.20200120-2 1.3.4.20240123-1build1 /usr/bin:mawk
mount 2.34-0.1ubuntu9.4 2.39.3-9ubuntu6 /bin:mount,umount /sbin:swapon,swapoff,losetup
nano 4.8-1ubuntu1 7.2-2build1 /bin:nano
ncurses-bin 6.2-0ubuntu2.1 6.4+20240113-1ubuntu2 /usr/bin:clear,reset
netcat-openbsd 1.206-1ubuntu1 1.226-1ubuntu2 /bin:nc
openssh-server 1:8.2p1-4ubuntu0.11 1:9.6p1-3ubuntu13 /usr/sbin:sshd
openssh-client 1:8.2p1-4ubuntu0.11 1:9.6p1-3ubuntu13 /usr/bin:ssh,scp,ssh-keygen
openssl 1.1.1f-1ubuntu2.21 3.0.13-0ubuntu3 /usr/bin:openssl
passwd 1:4.8.1-1ubuntu5.20.04.5 1:4.13+dfsg1-4ubuntu3 /usr/bin:passwd,chsh,gpasswd /usr/sbin:useradd,usermod,userdel,groupadd,groupdel,chpasswd
adduser 3.118ubuntu2 3.137ubuntu1 /usr/sbin:adduser,deluser,addgroup
perl-base 5.30.0-9ubuntu0.5 5.38.2-3.2build2 /usr/bin:perl
procps 2:3.3.16-1ubuntu2.3 2:4.0.4-4ubuntu3 /bin:kill,ps /sbin:sysctl /usr/bin:free,pgrep,pkill,pmap,pwdx,top,uptime,vmstat,w,watch
psmisc 23.3-1 23.7-1build1 /bin:fuser /usr/bin:killall,pstree
python3-minimal 3.8.2-0ubuntu2 3.12.3-0ubuntu1
python3 3.8.2-0ubuntu2 3.12.3-0ubuntu1
python3.8-minimal 3.8.10-0ubuntu1~20.04.9 - /usr/bin:python3
python3.12-minimal - 3.12.3-1 /usr/bin:python3
rsync 3.1.3-8ubuntu0.7 3.2.7-1ubuntu1 /usr/bin:rsync
rsyslog 8.2001.0-1ubuntu1.3 8.2312.0-3ubuntu9 /usr/sbin:rsyslogd
sed 4.7-1 4.9-2build1 /bin:sed
software-properties-common 0.99.9.12 0.99.48 /usr/bin:add-apt-repository,apt-add-repository
sudo 1.8.31-1ubuntu1.5 1.9.15p5-3ubuntu5 /usr/bin:sudo,sudoedit /usr/sbin:visudo
systemd 245.4-4ubuntu3.23 255.4-1ubuntu8 /bin:journalctl,loginctl,systemctl /usr/bin:hostnamectl,localectl,resolvectl,systemd-analyze,systemd-cat,systemd-detect-virt,timedatectl /lib/systemd:systemd,systemd-journald,systemd-logind,systemd-networkd,systemd-resolved,systemd-timesyncd,systemd-udevd,systemd-modules-load,systemd-sysctl
systemd-sysv 245.4-4ubuntu3.23 255.4-1ubuntu8 /sbin:halt,poweroff,reboot,shutdown,telinit
tar 1.30+dfsg-7ubuntu0.20.04.4 1.35+dfsg-3build1 /bin:tar
tmux 3.0a-2ubuntu0.4 3.4-1build1 /usr/bin:tmux
tzdata 2023c-0ubuntu0.20.04.2 2024a-2ubuntu1
ubuntu-keyring 2020.02.11.4 2023.11.28.1
ufw 0.36-6ubuntu1.1 0.36.2-6 /usr/sbin:ufw
unzip 6.0-25ubuntu1.1 6.0-28ubuntu4 /usr/bin:unzip
util-linux 2.34-0.1ubuntu9.4 2.39.3-9ubuntu6 /bin:dmesg,findmnt,lsblk,more,mountpoint,su /usr/bin:flock,getopt,lscpu,lsns,nsenter,rev,setsid,unshare,whereis /sbin:agetty,blkid,mkswap
vim 2:8.1.2269-1ubuntu5.21 2:9.1.0016-1ubuntu7 /usr/bin:vim
vim-common 2:8.1.2269-1ubuntu5.21 2:9.1.0016-1ubuntu7 /usr/bin:xxd
wget 1.20.3-1ubuntu2 1.21.4-1ubuntu4 /usr/bin:wget
xz-utils 5.2.4-1ubuntu1.1 5.4.5-0.3 /usr/bin:xz,unxz
zlib1g 1:1.2.11.dfsg-2ubuntu1.5 1:1.3.dfsg-3.1ubuntu2
`;

/** Commands that are another command by a link. */
const links: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dash: { "/bin/sh": "dash" },
  mawk: { "/usr/bin/awk": "/etc/alternatives/awk", "/etc/alternatives/awk": "/usr/bin/mawk" },
  vim: {
    "/usr/bin/vi": "/etc/alternatives/vi",
    "/etc/alternatives/vi": "/usr/bin/vim",
    "/usr/bin/editor": "/etc/alternatives/editor",
    "/etc/alternatives/editor": "/bin/nano",
    "/usr/bin/pager": "/etc/alternatives/pager",
    "/etc/alternatives/pager": "/bin/less",
  },
  debianutils: { "/usr/bin/which": "/bin/which" },
  "systemd-sysv": { "/sbin/init": "/lib/systemd/systemd" },
  procps: { "/usr/bin/skill": "/usr/bin/pkill" },
  psmisc: {},
};

/** Commands whose program has another name. */
const programs: Readonly<Record<string, string>> = {
  rbash: "bash",
  dash: "sh",
  unxz: "xz",
  bunzip2: "bzip2",
  "apt-add-repository": "add-apt-repository",
  ip6tables: "iptables",
  "iptables-nft": "iptables",
  "iptables-legacy": "iptables",
  sudoedit: "sudo",
};

const sections: Readonly<Record<string, string>> = {
  curl: "web",
  wget: "web",
  nano: "editors",
  vim: "editors",
  tar: "utils",
};

/** Packages that a system cannot do without. */
const essential = new Set([
  "base-files",
  "base-passwd",
  "bash",
  "bsdutils",
  "coreutils",
  "dash",
  "debianutils",
  "diffutils",
  "dpkg",
  "findutils",
  "grep",
  "gzip",
  "hostname",
  "init-system-helpers",
  "libc-bin",
  "login",
  "perl-base",
  "sed",
  "sudo",
  "systemd",
  "tar",
  "util-linux",
]);

/** The version that `--version` prints: without epoch, revision and repacking marks. */
export const upstreamVersion = (version: string): string =>
  version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[+~]?(dfsg|nmu|ds\d).*$/, "");

/** What a fresh image of the profile has installed. */
export function imagePackages(profile: Profile): Deb[] {
  return table
    .trim()
    .split("\n")
    .flatMap((row) => {
      const [name = "", focal = "", noble = "", ...folders] = row.split(" ");
      const version = profile === "thesis" ? focal : noble;
      if (version === "-") return [];
      const files: DebFile[] = folders.flatMap((folder) => {
        const [path = "", commands = ""] = folder.split(":");
        return commands.split(",").map((command): DebFile => ({
          path: `${path}/${command}`,
          program: {
            program: programs[command] ?? command,
            version: name === "bash" ? bashVersion(profile) : upstreamVersion(version),
          },
          ...(command === "sudo" ||
          command === "su" ||
          command === "passwd" ||
          command === "mount" ||
          command === "umount"
            ? { mode: 0o4755 }
            : {}),
        }));
      });
      for (const [path, target] of Object.entries(links[name] ?? {})) files.push({ path, link: target });
      return [
        deb({
          name,
          version,
          essential: essential.has(name),
          section: sections[name] ?? "admin",
          description: `${name} as on a fresh Ubuntu server`,
          files,
        }),
      ];
    });
}

const bashVersion = (profile: Profile): string => (profile === "thesis" ? "5.0.17(1)-release" : "5.2.21(1)-release");
