using System.Text;
using Microsoft.Extensions.Configuration;
using YamlDotNet.RepresentationModel;

namespace OrleansPs.Silo.Tests;

/// <summary>The parts of k8s/base fit together and to what the silo and Orleans need.</summary>
public sealed class BaseTests
{
    private static readonly Lazy<Manifests> Rendered = new(() => Manifests.Render("base"));

    private static YamlNode Silos => Rendered.Value.Single("Deployment");

    private static YamlNode Pod => Silos.At("spec", "template")!;

    private static YamlNode Container => Pod.Items("spec", "containers").Single();

    [KubectlFact]
    public void Nothing_is_missing_and_nothing_names_a_namespace()
    {
        Assert.Equal(
            ["Deployment silo", "PodDisruptionBudget silo", "Role silo", "RoleBinding silo", "Service silo", "ServiceAccount silo"],
            Rendered.Value.Names.Where(name => !name.StartsWith("ConfigMap", StringComparison.Ordinal)).Order());
        Assert.All(["Deployment", "Service", "Role", "ConfigMap"], kind => Assert.Null(Rendered.Value.Single(kind).Text("metadata", "namespace")));
    }

    [KubectlFact]
    public void Every_selector_selects_the_silos()
    {
        var labels = Pod.Map("metadata", "labels");
        Dictionary<string, string>[] selectors =
        [
            Silos.Map("spec", "selector", "matchLabels"),
            Rendered.Value.Single("Service").Map("spec", "selector"),
            Rendered.Value.Single("PodDisruptionBudget").Map("spec", "selector", "matchLabels"),
            Pod.Items("spec", "topologySpreadConstraints").Single().Map("labelSelector", "matchLabels"),
        ];
        Assert.All(selectors, selector => Assert.NotEmpty(selector));
        Assert.All(selectors, selector => Assert.Subset(labels.ToHashSet(), selector.ToHashSet()));
    }

    [KubectlFact]
    public void Probes_and_services_lead_to_ports_that_the_silo_listens_on()
    {
        var ports = Container.Items("ports").ToDictionary(port => port.Text("name")!, port => port.Number("containerPort"));
        Assert.Equal(new() { ["silo"] = 11111, ["gateway"] = 30000, ["http"] = 8080 }, ports);
        Assert.All(Probes(), probe => Assert.Equal("http", probe.Text("httpGet", "port")));
        Assert.All(Rendered.Value.Single("Service").Items("spec", "ports"), port => Assert.Contains(port.Text("targetPort")!, ports));
        Assert.Equal("http://*:8080", Configuration()["Urls"]);
        Assert.Equal("11111", Configuration()["Orleans:Endpoints:SiloPort"]);
        Assert.Equal("30000", Configuration()["Orleans:Endpoints:GatewayPort"]);
    }

    [KubectlFact]
    public void Probes_ask_what_the_silo_answers()
    {
        Assert.Equal([HealthEndpoints.Live, HealthEndpoints.Live, HealthEndpoints.Ready], Probes().Select(probe => probe.Text("httpGet", "path")));
        var startup = Container.At("startupProbe");
        Assert.True(startup.Number("periodSeconds") * startup.Number("failureThreshold") > 300); // Orleans' MaxJoinAttemptTime
        Assert.True(Container.Number("readinessProbe", "timeoutSeconds") > HealthEndpoints.StorageTimeout.TotalSeconds);
    }

    [KubectlTheory]
    [InlineData("ORLEANS_SERVICE_ID", "metadata.labels['orleans/serviceId']")]
    [InlineData("ORLEANS_CLUSTER_ID", "metadata.labels['orleans/clusterId']")]
    [InlineData("POD_NAMESPACE", "metadata.namespace")]
    [InlineData("POD_NAME", "metadata.name")]
    [InlineData("POD_IP", "status.podIP")]
    public void Orleans_learns_about_its_pod(string variable, string field)
    {
        Assert.Equal(field, Container.Items("env").Named(variable).Text("valueFrom", "fieldRef", "fieldPath"));
        foreach (var label in new[] { "orleans/serviceId", "orleans/clusterId" }) Assert.Contains(label, Pod.Map("metadata", "labels"));
    }

    [KubectlFact]
    public void The_silos_account_may_do_with_pods_what_Orleans_does_and_no_more()
    {
        var account = Rendered.Value.Single("ServiceAccount").Text("metadata", "name");
        Assert.Equal(account, Pod.Text("spec", "serviceAccountName"));
        var binding = Rendered.Value.Single("RoleBinding");
        Assert.Equal(account, binding.Items("subjects").Single().Text("name"));
        var role = Rendered.Value.Single("Role");
        Assert.Equal(role.Text("metadata", "name"), binding.Text("roleRef", "name"));
        var rule = role.Items("rules").Single();
        Assert.Equal([""], rule.Texts("apiGroups"));
        Assert.Equal(["pods"], rule.Texts("resources"));
        Assert.Equal(["get", "list", "patch", "watch"], rule.Texts("verbs").Order());
    }

    [KubectlFact]
    public void A_silo_has_time_to_drain() =>
        Assert.True(Pod.Number("spec", "terminationGracePeriodSeconds") > SiloHost.ShutdownTimeout(Configuration()).TotalSeconds);

    [KubectlFact]
    public void Silos_go_one_at_a_time_and_others_stay()
    {
        Assert.Equal(1, Rendered.Value.Single("PodDisruptionBudget").Number("spec", "maxUnavailable"));
        Assert.Equal(0, Silos.Number("spec", "strategy", "rollingUpdate", "maxUnavailable"));
        Assert.True(Silos.Number("spec", "replicas") > 1);
    }

    [KubectlFact]
    public void The_settings_are_those_of_a_silo_that_can_start()
    {
        ProviderCatalog providers = new([("Clustering", "Redis"), ("GrainStorage", "AzureBlobStorage")]);
        Assert.Empty(SiloConfiguration.Check(Configuration(), providers));
        Assert.Equal("OrleansPs", Configuration()["Orleans:GrainStorage:OrleansPs:SerializerKey"]);
    }

    [KubectlFact]
    public void The_settings_lie_where_the_silo_reads_them()
    {
        var mount = Container.Items("volumeMounts").Single();
        Assert.Equal("/app/appsettings.Production.json", mount.Text("mountPath"));
        Assert.Contains(mount.Text("subPath")!, Settings().Map("data"));
        Assert.Equal(Settings().Text("metadata", "name"), Pod.Items("spec", "volumes").Named(mount.Text("name")!).Text("configMap", "name"));
    }

    [CloudProvidersFact]
    public void The_providers_are_in_this_build()
    {
        var silo = Path.GetDirectoryName(SiloProcess.Program())!;
        Assert.All(["Orleans.Clustering.Redis", "Orleans.Persistence.AzureStorage", "Orleans.Hosting.Kubernetes"],
            name => Assert.True(File.Exists(Path.Combine(silo, name + ".dll"))));
    }

    private static YamlNode Settings() => Rendered.Value.Single("ConfigMap");

    private static YamlNode[] Probes() => [.. new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(name => Container.At(name)!)];

    /// <summary>What the silo in the pod sees: what comes with it, the mounted file, and the variables.</summary>
    private static IConfigurationRoot Configuration() => new ConfigurationBuilder()
        .AddConfiguration(Tests.Settings.With())
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Settings().Text("data", "appsettings.Production.json")!)))
        .AddInMemoryCollection(Container.Items("env").Where(variable => variable.Text("name")!.Contains("__", StringComparison.Ordinal))
            .Select(variable => KeyValuePair.Create(variable.Text("name")!.Replace("__", ":", StringComparison.Ordinal), (string?)"secret")))
        .Build();
}
