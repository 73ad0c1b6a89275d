// Command gang-scheduler is kube-scheduler with one plugin more: gangs are placed whole or not at
// all. It is built inside the tree of Kubernetes 1.20 for tests alone (../api-server).
package main

import (
	"math/rand"
	"os"
	"time"

	"k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	rand.Seed(time.Now().UnixNano())
	command := app.NewSchedulerCommand(app.WithPlugin(pluginName, newGangs))
	if err := command.Execute(); err != nil {
		os.Exit(1)
	}
}
