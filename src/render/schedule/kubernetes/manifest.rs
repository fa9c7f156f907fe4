//! The YAML of the Kubernetes objects.

use super::super::quoting::yaml;
use crate::document::job::ScheduleJob;
use crate::document::job::mounts::{CONFIG, FileOrigin, MountedFolder, Mounts};
use std::fmt::Write as _;

/// The user id that the container runs as; no machine assigns it to a user.
const USER: u32 = 65532;

fn labels(object: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    format!(
        "{spaces}labels:\n{spaces}  app.kubernetes.io/name: hookferry\n{spaces}  app.kubernetes.io/instance: {}\n",
        yaml(object)
    )
}

/// The claim of the volume that holds a folder of backups.
pub(super) fn volume_claim(object: &str) -> String {
    format!(
        "apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}
{labels}spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
---
",
        name = yaml(object),
        labels = labels(object, 2),
    )
}

/// The `CronJob`.
pub(super) fn cron_job(job: &ScheduleJob, object: &str, image: &str, mounts: &Mounts) -> String {
    // A run that could not start on time may start until the next one is due.
    let deadline = (job.shortest_gap * 60).min(3600);
    format!(
        "apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
{labels}spec:
  schedule: {schedule}
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: {deadline}
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 1
  jobTemplate:
    spec:
      backoffLimit: 1
      activeDeadlineSeconds: 3600
      template:
        metadata:
{pod_labels}        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: {USER}
            runAsGroup: {USER}
            fsGroup: {USER}
            fsGroupChangePolicy: OnRootMismatch
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: hookferry
              image: {image}
              args: [run-schedule, {schedule_name}, --config, {config}, --no-progress, --log-format, json]
{env}              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [ALL]
              resources:
                requests:
                  cpu: 50m
                  memory: 64Mi
                limits:
                  memory: 512Mi
              volumeMounts:
{mounts}          volumes:
{volumes}",
        name = yaml(object),
        labels = labels(object, 2),
        schedule = yaml(&job.cron_fields),
        pod_labels = labels(object, 10),
        image = yaml(image),
        schedule_name = yaml(&job.name),
        config = yaml(CONFIG),
        env = environment(job, object),
        mounts = volume_mounts(mounts),
        volumes = volumes(object, mounts),
    )
}

/// The environment variables of the container; empty if a run needs none.
fn environment(job: &ScheduleJob, object: &str) -> String {
    let variables = job.variables();
    let mut out = String::new();
    if !variables.is_empty() {
        out += "              env:\n";
    }
    for (name, _) in variables {
        let _ = write!(
            out,
            "                - name: {name}
                  valueFrom:
                    secretKeyRef:
                      name: {object}
                      key: {name}
",
            name = yaml(&name),
            object = yaml(object),
        );
    }
    out
}

/// Mounts each file at its own path, so that no mount hides a folder of the image.
fn volume_mounts(mounts: &Mounts) -> String {
    let mut out = String::new();
    for (path, folder) in &mounts.folders {
        let path = yaml(path);
        let volume = folder.volume();
        let _ = write!(
            out,
            "                - name: {volume}\n                  mountPath: {path}\n"
        );
    }
    for (path, origin) in &mounts.files {
        let (volume, key) = match origin {
            FileOrigin::ConfigMap(key) => ("config", *key),
            FileOrigin::Secret(key) => ("secrets", key.as_str()),
        };
        let _ = write!(
            out,
            "                - name: {volume}
                  mountPath: {path}
                  subPath: {key}
                  readOnly: true
",
            path = yaml(path),
            key = yaml(key),
        );
    }
    out
}

fn volumes(object: &str, mounts: &Mounts) -> String {
    let object = yaml(object);
    let mut out = format!(
        "            - name: config
              configMap:
                name: {object}
"
    );
    for folder in mounts.folders.values() {
        if let MountedFolder::Ephemeral(_) = folder {
            let volume = folder.volume();
            let _ = write!(
                out,
                "            - name: {volume}\n              emptyDir:\n                sizeLimit: 64Mi\n"
            );
        }
    }
    if mounts.secret_keys().next().is_some() {
        let _ = write!(
            out,
            "            - name: secrets
              secret:
                secretName: {object}
                # 0440: for the group of the run alone, because hookferry refuses files that others can read.
                defaultMode: 288
"
        );
    }
    if mounts.has_backups() {
        let _ = write!(
            out,
            "            - name: backups
              persistentVolumeClaim:
                claimName: {object}
"
        );
    }
    out
}
