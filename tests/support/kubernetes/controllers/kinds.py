"""The kinds that the controllers here serve, as custom resources: fields and words that matter to who makes them, by the
published definitions; what is inside of a pod's template is kept as it comes."""

ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TEXT, WHOLE, YES = {"type": "string"}, {"type": "integer", "format": "int32"}, {"type": "boolean"}


def some(required=(), **fields):
    made = {"type": "object", "properties": fields}
    return {**made, "required": list(required)} if required else made


def word(*words, default=None):
    made = {**TEXT, "enum": list(words)}
    return {**made, "default": default} if default else made


def several(item):
    return {"type": "array", "items": item}


WORDS = {"type": "object", "additionalProperties": TEXT}
JOB_SET = some(("replicatedJobs",), suspend=YES, ttlSecondsAfterFinished=WHOLE, successPolicy=ANYTHING,
               network=some(enableDNSHostnames=YES, subdomain=TEXT, publishNotReadyAddresses=YES),
               failurePolicy=some(maxRestarts=WHOLE, restartStrategy=word("Recreate", "BlockingRecreate")),
               replicatedJobs=several(some(("name", "template"), name=TEXT, template=ANYTHING,
                                           replicas={**WHOLE, "default": 1})))
MPI_JOB = some(("mpiReplicaSpecs",), slotsPerWorker={**WHOLE, "default": 1}, runLauncherAsWorker=YES,
               sshAuthMountPath={**TEXT, "default": "/root/.ssh"},
               launcherCreationPolicy=word("AtStartup", "WaitForWorkersReady", default="AtStartup"),
               mpiImplementation=word("OpenMPI", "Intel", "MPICH", default="OpenMPI"),
               runPolicy=some(cleanPodPolicy=word("None", "Running", "All"), ttlSecondsAfterFinished=WHOLE,
                              activeDeadlineSeconds={"type": "integer"}, backoffLimit=WHOLE, suspend=YES,
                              schedulingPolicy=ANYTHING),
               mpiReplicaSpecs={"type": "object", "additionalProperties": some(
                   replicas=WHOLE, template=ANYTHING,
                   restartPolicy=word("Always", "OnFailure", "Never", "ExitCode"))})
TRAIN_JOB = some(("runtimeRef",), suspend={**YES, "default": False}, labels=WORDS, annotations=WORDS,
                 managedBy={**TEXT, "default": "trainer.kubeflow.org/trainjob-controller"},
                 runtimeRef=some(("name",), name=TEXT, kind={**TEXT, "default": "ClusterTrainingRuntime"},
                                 apiGroup={**TEXT, "default": "trainer.kubeflow.org"}),
                 trainer=some(image=TEXT, command=several(TEXT), args=several(TEXT), numNodes=WHOLE,
                              env=several(ANYTHING), resourcesPerNode=ANYTHING))
RUNTIME = some(("template",), mlPolicy=some(numNodes=WHOLE, torch=ANYTHING, mpi=ANYTHING), podGroupPolicy=ANYTHING,
               template=some(metadata=some(labels=WORDS, annotations=WORDS), spec=JOB_SET))

# group, version, kind, plural, schema of the spec
JOB_SETS = ("jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets", JOB_SET)
MPI_JOBS = ("kubeflow.org", "v2beta1", "MPIJob", "mpijobs", MPI_JOB)
TRAIN_JOBS = ("trainer.kubeflow.org", "v1alpha1", "TrainJob", "trainjobs", TRAIN_JOB)
RUNTIMES = ("trainer.kubeflow.org", "v1alpha1", "TrainingRuntime", "trainingruntimes", RUNTIME)
# That of Kubernetes itself cannot be added: a server that has the group scheduling.k8s.io takes no more of it.
COSCHEDULING = ("scheduling.x-k8s.io", "v1alpha1", "PodGroup", "podgroups",
                some(minMember={**WHOLE, "minimum": 1}, scheduleTimeoutSeconds=WHOLE, minResources=ANYTHING))
VOLCANO = ("scheduling.volcano.sh", "v1beta1", "PodGroup", "podgroups",
           some(minMember=WHOLE, queue={**TEXT, "default": "default"}, priorityClassName=TEXT, networkTopology=ANYTHING))
CLAIM_TEMPLATES = ("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates",
                   some(("spec",), spec=some(devices=ANYTHING), metadata=ANYTHING))
