using System.Text;

namespace OrleansPs.Silo.Tests;

/// <summary>k8s/worker and k8s/overlays/local fit to k8s/base.</summary>
public sealed class WorkerAndOverlayTests
{
    [KubectlFact]
    public void Workers_look_for_the_cluster_of_the_silos()
    {
        var container = Manifests.Render("worker").Single("Job").Items("spec", "template", "spec", "containers").Single();
        var silos = Manifests.Render("base");
        var labels = silos.Single("Deployment").Map("spec", "template", "metadata", "labels");
        Assert.Equal(labels["orleans/serviceId"], container.Items("env").Named("Orleans__ServiceId").Text("value"));
        Assert.Equal(labels["orleans/clusterId"], container.Items("env").Named("Orleans__ClusterId").Text("value"));
        Assert.Contains($"\"{container.Items("env").Named("Orleans__Clustering__ProviderType").Text("value")}\"",
            silos.Single("ConfigMap").Text("data", "appsettings.Production.json"));
    }

    [KubectlFact]
    public void Every_worker_has_a_rank()
    {
        var job = Manifests.Render("worker").Single("Job");
        Assert.Equal("Indexed", job.Text("spec", "completionMode"));
        Assert.Equal(job.Text("spec", "completions"), job.Text("spec", "parallelism"));
        Assert.Contains("$(JOB_COMPLETION_INDEX)", job.Items("spec", "template", "spec", "containers").Single().Texts("args"));
    }

    [KubectlFact]
    public void Workers_are_not_selected_as_silos()
    {
        var labels = Manifests.Render("worker").Single("Job").Map("spec", "template", "metadata", "labels");
        var selector = Manifests.Render("base").Single("Service").Map("spec", "selector");
        Assert.False(selector.ToHashSet().IsSubsetOf(labels));
    }

    [KubectlFact]
    public void The_local_overlay_brings_what_the_secret_leads_to()
    {
        var local = Manifests.Render("overlays/local");
        var secret = local.Single("Secret").Map("data").ToDictionary(
            entry => entry.Key, entry => Encoding.UTF8.GetString(Convert.FromBase64String(string.Concat(entry.Value.Split()))));
        Assert.Equal("redis:6379", secret["redis"]);
        Assert.Contains("BlobEndpoint=http://azurite:10000/", secret["blobs"]);
        foreach (var (name, port) in new[] { ("redis", 6379), ("azurite", 10000) })
        {
            var service = local.Single("Service", name);
            var pod = local.Single("Deployment", name).At("spec", "template");
            Assert.Equal(port, service.Items("spec", "ports").Single().Number("port"));
            Assert.Equal(service.Map("spec", "selector"), pod.Map("metadata", "labels"));
            Assert.Equal(port, pod.Items("spec", "containers").Single().Items("ports").Single().Number("containerPort"));
        }
    }

    [KubectlFact]
    public void Every_secret_that_is_asked_for_is_in_the_local_one_or_optional()
    {
        var local = Manifests.Render("overlays/local");
        var secret = local.Single("Secret");
        var asked = local.Single("Deployment", "silo").Items("spec", "template", "spec", "containers").Single().Items("env")
            .Concat(Manifests.Render("worker").Single("Job").Items("spec", "template", "spec", "containers").Single().Items("env"))
            .Select(variable => variable.At("valueFrom", "secretKeyRef")).Where(key => key is not null && key.Text("optional") != "true");
        Assert.All(asked, key => Assert.Equal(secret.Text("metadata", "name"), key.Text("name")));
        Assert.All(asked, key => Assert.Contains(key.Text("key")!, secret.Map("data")));
    }
}
