package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

const (
	longestPatience = time.Minute
	longestRead     = 5 * time.Second
)

// group is what matters of a scheduling.x-k8s.io/v1alpha1 PodGroup.
type group struct {
	minMember int
	patience  time.Duration // for the last member to find a place
}

// Clone is asked of everything that a scheduling cycle keeps; nobody changes a group.
func (g *group) Clone() framework.StateData { return g }

// readGroup asks the API server for the PodGroup NAMESPACE/NAME.
func readGroup(ctx context.Context, client kubernetes.Interface, name string) (*group, error) {
	parts := strings.SplitN(name, "/", 2)
	path := fmt.Sprintf("/apis/scheduling.x-k8s.io/v1alpha1/namespaces/%s/podgroups/%s", parts[0], parts[1])
	ctx, end := context.WithTimeout(ctx, longestRead)
	defer end()
	text, err := client.Discovery().RESTClient().Get().AbsPath(path).
		SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("PodGroup %s cannot be read: %v", name, err)
	}
	var object struct {
		Spec struct {
			MinMember              int `json:"minMember"`
			ScheduleTimeoutSeconds int `json:"scheduleTimeoutSeconds"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("PodGroup %s cannot be understood: %v", name, err)
	}
	patience := longestPatience
	if seconds := object.Spec.ScheduleTimeoutSeconds; seconds > 0 {
		patience = time.Duration(seconds) * time.Second
	}
	return &group{object.Spec.MinMember, patience}, nil
}
