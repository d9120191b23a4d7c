/**
 * The fields of Go's structs below a pod template, in the order of their declaration, for `podTemplateHash`.
 * One field per word: `GoName`, then `=jsonName` where it is not the Go name with a small first letter, then `:type`,
 * then `@minor` when a release added it. A type is as in Go; a missing one is `string`. `^` marks an embedded struct.
 */
export const structs: Readonly<Record<string, string>> = {
  "v1.PodTemplateSpec": "ObjectMeta=metadata:v1.ObjectMeta Spec:v1.PodSpec",
  "v1.ObjectMeta":
    "Name GenerateName Namespace SelfLink UID=uid:types.UID ResourceVersion Generation:int64 CreationTimestamp:v1.Time " +
    "DeletionTimestamp:*v1.Time DeletionGracePeriodSeconds:*int64 Labels:map[string]string Annotations:map[string]string " +
    "OwnerReferences:[]v1.OwnerReference Finalizers:[]string ManagedFields:[]v1.ManagedFieldsEntry",
  "v1.PodSpec":
    "Volumes:[]v1.Volume InitContainers:[]v1.Container Containers:[]v1.Container " +
    "EphemeralContainers:[]v1.EphemeralContainer RestartPolicy:v1.RestartPolicy TerminationGracePeriodSeconds:*int64 " +
    "ActiveDeadlineSeconds:*int64 DNSPolicy=dnsPolicy:v1.DNSPolicy NodeSelector:map[string]string ServiceAccountName " +
    "DeprecatedServiceAccount=serviceAccount AutomountServiceAccountToken:*bool NodeName HostNetwork:bool " +
    "HostPID=hostPID:bool HostIPC=hostIPC:bool ShareProcessNamespace:*bool SecurityContext:*v1.PodSecurityContext " +
    "ImagePullSecrets:[]v1.LocalObjectReference Hostname Subdomain Affinity:*v1.Affinity SchedulerName " +
    "Tolerations:[]v1.Toleration HostAliases:[]v1.HostAlias PriorityClassName Priority:*int32 " +
    "DNSConfig=dnsConfig:*v1.PodDNSConfig ReadinessGates:[]v1.PodReadinessGate RuntimeClassName:*string " +
    "EnableServiceLinks:*bool PreemptionPolicy:*v1.PreemptionPolicy Overhead:v1.ResourceList " +
    "TopologySpreadConstraints:[]v1.TopologySpreadConstraint SetHostnameAsFQDN=setHostnameAsFQDN:*bool OS=os:*v1.PodOS " +
    "HostUsers:*bool SchedulingGates:[]v1.PodSchedulingGate ResourceClaims:[]v1.PodResourceClaim " +
    "Resources:*v1.ResourceRequirements@32 HostnameOverride:*string@34 SchedulingGroup:*v1.PodSchedulingGroup@36",
  "v1.Container":
    "Name Image Command:[]string Args:[]string WorkingDir Ports:[]v1.ContainerPort EnvFrom:[]v1.EnvFromSource " +
    "Env:[]v1.EnvVar Resources:v1.ResourceRequirements ResizePolicy:[]v1.ContainerResizePolicy@27 " +
    "RestartPolicy:*v1.ContainerRestartPolicy@28 RestartPolicyRules:[]v1.ContainerRestartRule@34 " +
    "VolumeMounts:[]v1.VolumeMount VolumeDevices:[]v1.VolumeDevice LivenessProbe:*v1.Probe ReadinessProbe:*v1.Probe " +
    "StartupProbe:*v1.Probe Lifecycle:*v1.Lifecycle TerminationMessagePath " +
    "TerminationMessagePolicy:v1.TerminationMessagePolicy ImagePullPolicy:v1.PullPolicy " +
    "SecurityContext:*v1.SecurityContext Stdin:bool StdinOnce:bool TTY=tty:bool",
  "v1.ContainerPort": "Name HostPort:int32 ContainerPort:int32 Protocol:v1.Protocol HostIP=hostIP",
  "v1.EnvFromSource": "Prefix ConfigMapRef:*v1.ConfigMapEnvSource SecretRef:*v1.SecretEnvSource",
  "v1.ConfigMapEnvSource": "LocalObjectReference^:v1.LocalObjectReference Optional:*bool",
  "v1.SecretEnvSource": "LocalObjectReference^:v1.LocalObjectReference Optional:*bool",
  "v1.LocalObjectReference": "Name",
  "v1.EnvVar": "Name Value ValueFrom:*v1.EnvVarSource",
  "v1.EnvVarSource":
    "FieldRef:*v1.ObjectFieldSelector ResourceFieldRef:*v1.ResourceFieldSelector " +
    "ConfigMapKeyRef:*v1.ConfigMapKeySelector SecretKeyRef:*v1.SecretKeySelector FileKeyRef:*v1.FileKeySelector@34",
  "v1.ObjectFieldSelector": "APIVersion=apiVersion FieldPath",
  "v1.ResourceFieldSelector": "ContainerName Resource Divisor:resource.Quantity",
  "v1.ConfigMapKeySelector": "LocalObjectReference^:v1.LocalObjectReference Key Optional:*bool",
  "v1.SecretKeySelector": "LocalObjectReference^:v1.LocalObjectReference Key Optional:*bool",
  "v1.ResourceRequirements": "Limits:v1.ResourceList Requests:v1.ResourceList Claims:[]v1.ResourceClaim@26",
  "v1.VolumeMount":
    "Name ReadOnly:bool RecursiveReadOnly:*v1.RecursiveReadOnlyMode@30 MountPath SubPath " +
    "MountPropagation:*v1.MountPropagationMode SubPathExpr",
  "v1.Probe":
    "ProbeHandler^:v1.ProbeHandler InitialDelaySeconds:int32 TimeoutSeconds:int32 PeriodSeconds:int32 " +
    "SuccessThreshold:int32 FailureThreshold:int32 TerminationGracePeriodSeconds:*int64",
  "v1.ProbeHandler":
    "Exec:*v1.ExecAction HTTPGet=httpGet:*v1.HTTPGetAction TCPSocket=tcpSocket:*v1.TCPSocketAction GRPC=grpc:*v1.GRPCAction",
  "v1.ExecAction": "Command:[]string",
  "v1.HTTPGetAction": "Path Port:intstr.IntOrString Host Scheme:v1.URIScheme HTTPHeaders=httpHeaders:[]v1.HTTPHeader",
  "v1.HTTPHeader": "Name Value",
  "v1.TCPSocketAction": "Port:intstr.IntOrString Host",
  "v1.GRPCAction": "Port:int32 Service:*string",
  "v1.Lifecycle": "PostStart:*v1.LifecycleHandler PreStop:*v1.LifecycleHandler StopSignal:*v1.Signal@33",
  "v1.LifecycleHandler":
    "Exec:*v1.ExecAction HTTPGet=httpGet:*v1.HTTPGetAction TCPSocket=tcpSocket:*v1.TCPSocketAction Sleep:*v1.SleepAction@29",
  "v1.SecurityContext":
    "Capabilities:*v1.Capabilities Privileged:*bool SELinuxOptions=seLinuxOptions:*v1.SELinuxOptions " +
    "WindowsOptions:*v1.WindowsSecurityContextOptions RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool " +
    "ReadOnlyRootFilesystem:*bool AllowPrivilegeEscalation:*bool ProcMount:*v1.ProcMountType " +
    "SeccompProfile:*v1.SeccompProfile AppArmorProfile:*v1.AppArmorProfile@30",
  "v1.Capabilities": "Add:[]v1.Capability Drop:[]v1.Capability",
  "v1.SELinuxOptions": "User Role Type Level",
  "v1.SeccompProfile": "Type:v1.SeccompProfileType LocalhostProfile:*string",
  "v1.PodSecurityContext":
    "SELinuxOptions=seLinuxOptions:*v1.SELinuxOptions WindowsOptions:*v1.WindowsSecurityContextOptions " +
    "RunAsUser:*int64 RunAsGroup:*int64 RunAsNonRoot:*bool SupplementalGroups:[]int64 " +
    "SupplementalGroupsPolicy:*v1.SupplementalGroupsPolicy@31 FSGroup=fsGroup:*int64 Sysctls:[]v1.Sysctl " +
    "FSGroupChangePolicy=fsGroupChangePolicy:*v1.PodFSGroupChangePolicy SeccompProfile:*v1.SeccompProfile " +
    "AppArmorProfile:*v1.AppArmorProfile@30 SELinuxChangePolicy=seLinuxChangePolicy:*v1.PodSELinuxChangePolicy@32",
  "v1.Sysctl": "Name Value",
  "v1.Toleration": "Key Operator:v1.TolerationOperator Value Effect:v1.TaintEffect TolerationSeconds:*int64",
  "v1.HostAlias": "IP=ip Hostnames:[]string",
  "v1.PodDNSConfig": "Nameservers:[]string Searches:[]string Options:[]v1.PodDNSConfigOption",
  "v1.PodDNSConfigOption": "Name Value:*string",
  "v1.TopologySpreadConstraint":
    "MaxSkew:int32 TopologyKey WhenUnsatisfiable:v1.UnsatisfiableConstraintAction LabelSelector:*v1.LabelSelector " +
    "MinDomains:*int32 NodeAffinityPolicy:*v1.NodeInclusionPolicy NodeTaintsPolicy:*v1.NodeInclusionPolicy " +
    "MatchLabelKeys:[]string",
  "v1.LabelSelector": "MatchLabels:map[string]string MatchExpressions:[]v1.LabelSelectorRequirement",
  "v1.LabelSelectorRequirement": "Key Operator:v1.LabelSelectorOperator Values:[]string",
  "v1.Affinity": "NodeAffinity:*v1.NodeAffinity PodAffinity:*v1.PodAffinity PodAntiAffinity:*v1.PodAntiAffinity",
  "v1.NodeAffinity":
    "RequiredDuringSchedulingIgnoredDuringExecution:*v1.NodeSelector " +
    "PreferredDuringSchedulingIgnoredDuringExecution:[]v1.PreferredSchedulingTerm",
  "v1.NodeSelector": "NodeSelectorTerms:[]v1.NodeSelectorTerm",
  "v1.NodeSelectorTerm": "MatchExpressions:[]v1.NodeSelectorRequirement MatchFields:[]v1.NodeSelectorRequirement",
  "v1.NodeSelectorRequirement": "Key Operator:v1.NodeSelectorOperator Values:[]string",
  "v1.PreferredSchedulingTerm": "Weight:int32 Preference:v1.NodeSelectorTerm",
  "v1.PodAffinity":
    "RequiredDuringSchedulingIgnoredDuringExecution:[]v1.PodAffinityTerm " +
    "PreferredDuringSchedulingIgnoredDuringExecution:[]v1.WeightedPodAffinityTerm",
  "v1.PodAntiAffinity":
    "RequiredDuringSchedulingIgnoredDuringExecution:[]v1.PodAffinityTerm " +
    "PreferredDuringSchedulingIgnoredDuringExecution:[]v1.WeightedPodAffinityTerm",
  "v1.WeightedPodAffinityTerm": "Weight:int32 PodAffinityTerm:v1.PodAffinityTerm",
  "v1.PodAffinityTerm":
    "LabelSelector:*v1.LabelSelector Namespaces:[]string TopologyKey NamespaceSelector:*v1.LabelSelector " +
    "MatchLabelKeys:[]string@29 MismatchLabelKeys:[]string@29",
  "v1.Volume": "Name VolumeSource^:v1.VolumeSource",
  "v1.VolumeSource":
    "HostPath:*v1.HostPathVolumeSource EmptyDir:*v1.EmptyDirVolumeSource " +
    "GCEPersistentDisk=gcePersistentDisk:*v1.GCEPersistentDiskVolumeSource " +
    "AWSElasticBlockStore=awsElasticBlockStore:*v1.AWSElasticBlockStoreVolumeSource GitRepo:*v1.GitRepoVolumeSource " +
    "Secret:*v1.SecretVolumeSource NFS=nfs:*v1.NFSVolumeSource ISCSI=iscsi:*v1.ISCSIVolumeSource " +
    "Glusterfs:*v1.GlusterfsVolumeSource PersistentVolumeClaim:*v1.PersistentVolumeClaimVolumeSource " +
    "RBD=rbd:*v1.RBDVolumeSource FlexVolume:*v1.FlexVolumeSource Cinder:*v1.CinderVolumeSource " +
    "CephFS=cephfs:*v1.CephFSVolumeSource Flocker:*v1.FlockerVolumeSource " +
    "DownwardAPI=downwardAPI:*v1.DownwardAPIVolumeSource FC=fc:*v1.FCVolumeSource " +
    "AzureFile:*v1.AzureFileVolumeSource ConfigMap:*v1.ConfigMapVolumeSource " +
    "VsphereVolume:*v1.VsphereVirtualDiskVolumeSource Quobyte:*v1.QuobyteVolumeSource " +
    "AzureDisk:*v1.AzureDiskVolumeSource PhotonPersistentDisk:*v1.PhotonPersistentDiskVolumeSource " +
    "Projected:*v1.ProjectedVolumeSource PortworxVolume:*v1.PortworxVolumeSource ScaleIO=scaleIO:*v1.ScaleIOVolumeSource " +
    "StorageOS=storageos:*v1.StorageOSVolumeSource CSI=csi:*v1.CSIVolumeSource " +
    "Ephemeral:*v1.EphemeralVolumeSource Image:*v1.ImageVolumeSource@31",
  "v1.HostPathVolumeSource": "Path Type:*v1.HostPathType",
  "v1.EmptyDirVolumeSource": "Medium:v1.StorageMedium SizeLimit:*resource.Quantity",
  "v1.SecretVolumeSource": "SecretName Items:[]v1.KeyToPath DefaultMode:*int32 Optional:*bool",
  "v1.ConfigMapVolumeSource":
    "LocalObjectReference^:v1.LocalObjectReference Items:[]v1.KeyToPath DefaultMode:*int32 Optional:*bool",
  "v1.KeyToPath": "Key Path Mode:*int32",
  "v1.PersistentVolumeClaimVolumeSource": "ClaimName ReadOnly:bool",
};
