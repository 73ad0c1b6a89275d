package main

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

const pluginName = "Gangs"

// gangs keeps the members of a PodGroup from being bound until as many as its minMember have a
// place at once. A member that fits nowhere, or one that waited too long, gives all places back.
// One gang that fits is placed whole; two that each fit alone, and together do not, may take each
// other's places and start anew: there is no queue of gangs.
type gangs struct {
	handle framework.Handle
}

var (
	_ framework.PreFilterPlugin  = &gangs{}
	_ framework.PostFilterPlugin = &gangs{}
	_ framework.ReservePlugin    = &gangs{}
	_ framework.PermitPlugin     = &gangs{}
)

func newGangs(_ runtime.Object, handle framework.Handle) (framework.Plugin, error) {
	return &gangs{handle: handle}, nil
}

func (g *gangs) Name() string { return pluginName }

func (g *gangs) PreFilterExtensions() framework.PreFilterExtensions { return nil }

// PreFilter reads the PodGroup, for Permit to know how many it takes.
func (g *gangs) PreFilter(ctx context.Context, state *framework.CycleState, pod *v1.Pod) *framework.Status {
	name := groupOf(pod)
	if name == "" {
		return nil
	}
	found, err := readGroup(ctx, g.handle.ClientSet(), name)
	if err != nil {
		return framework.NewStatus(framework.UnschedulableAndUnresolvable, err.Error())
	}
	state.Write(pluginName, found)
	return nil
}

// PostFilter is asked when a member fits nowhere: those that wait must not keep their places, unless
// enough of the gang are bound already.
func (g *gangs) PostFilter(_ context.Context, state *framework.CycleState, pod *v1.Pod,
	_ framework.NodeToStatusMap) (*framework.PostFilterResult, *framework.Status) {
	name := groupOf(pod)
	wanted, known := state.Read(pluginName)
	if name != "" && (known != nil || g.placed(name) < wanted.(*group).minMember) {
		g.turnDown(name, "gang "+name+" does not fit: no place for "+pod.Name)
	}
	return nil, framework.NewStatus(framework.Unschedulable)
}

func (g *gangs) Reserve(context.Context, *framework.CycleState, *v1.Pod, string) *framework.Status {
	return nil
}

// Unreserve is called of a member that lost its place: the others that wait lose theirs.
func (g *gangs) Unreserve(_ context.Context, _ *framework.CycleState, pod *v1.Pod, _ string) {
	if name := groupOf(pod); name != "" {
		g.turnDown(name, "gang "+name+" does not fit: "+pod.Name+" gave its place back")
	}
}

// Permit lets the last member of a gang through, and with it all others; who comes before waits.
func (g *gangs) Permit(_ context.Context, state *framework.CycleState, pod *v1.Pod,
	_ string) (*framework.Status, time.Duration) {
	name := groupOf(pod)
	if name == "" {
		return nil, 0
	}
	read, err := state.Read(pluginName)
	if err != nil {
		return framework.NewStatus(framework.Error, err.Error()), 0
	}
	wanted := read.(*group)
	if g.placed(name)+1 < wanted.minMember {
		return framework.NewStatus(framework.Wait), wanted.patience
	}
	g.handle.IterateOverWaitingPods(func(waiting framework.WaitingPod) {
		if groupOf(waiting.GetPod()) == name {
			waiting.Allow(pluginName)
		}
	})
	return nil, 0
}

// placed counts the members that are bound, or wait in Permit with a place.
func (g *gangs) placed(name string) int {
	nodes, err := g.handle.SnapshotSharedLister().NodeInfos().List()
	if err != nil {
		return 0
	}
	count := 0
	for _, node := range nodes {
		for _, pod := range node.Pods {
			if groupOf(pod.Pod) == name && pod.Pod.DeletionTimestamp == nil {
				count++
			}
		}
	}
	return count
}

func (g *gangs) turnDown(name, why string) {
	g.handle.IterateOverWaitingPods(func(waiting framework.WaitingPod) {
		if groupOf(waiting.GetPod()) == name {
			waiting.Reject(why)
		}
	})
}

// groupOf tells a pod's gang as NAMESPACE/NAME; empty: it is of none.
func groupOf(pod *v1.Pod) string {
	for _, label := range []string{"scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io"} {
		if name := pod.Labels[label]; name != "" {
			return pod.Namespace + "/" + name
		}
	}
	return ""
}
