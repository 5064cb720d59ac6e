using System.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace OrleansPs.Silo.Tests;

/// <summary>What kustomize makes of a directory.</summary>
internal sealed class Manifests
{
    private readonly YamlNode[] _objects;

    private Manifests(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        _objects = [.. stream.Documents.Select(document => document.RootNode)];
    }

    /// <summary>Renders a directory of k8s.</summary>
    public static Manifests Render(string directory)
    {
        using var kubectl = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(Repository(), "k8s", directory)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = kubectl.StandardError.ReadToEndAsync();
        var text = kubectl.StandardOutput.ReadToEnd();
        kubectl.WaitForExit();
        Assert.True(kubectl.ExitCode == 0, error.Result);
        return new(text);
    }

    public IEnumerable<string> Names => _objects.Select(o => $"{o.Text("kind")} {o.Text("metadata", "name")}");

    public IEnumerable<YamlNode> Of(string kind) => _objects.Where(o => o.Text("kind") == kind);

    /// <summary>The object of a kind and, unless it is the only one, a name.</summary>
    public YamlNode Single(string kind, string? name = null) => Of(kind).Single(o => name is null || o.Text("metadata", "name") == name);

    private static string Repository()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "OrleansPs.sln"))) directory = Path.GetDirectoryName(directory)!;
        return directory;
    }
}

internal static class YamlNodes
{
    /// <summary>What lies at a path; null where it ends before.</summary>
    public static YamlNode? At(this YamlNode? node, params string[] path) => path.Aggregate(
        node, (at, key) => at is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null);

    public static string? Text(this YamlNode? node, params string[] path) => (node.At(path) as YamlScalarNode)?.Value;

    public static int Number(this YamlNode? node, params string[] path) =>
        int.Parse(node.Text(path)!, System.Globalization.CultureInfo.InvariantCulture);

    public static IEnumerable<YamlNode> Items(this YamlNode? node, params string[] path) => node.At(path) as YamlSequenceNode ?? [];

    public static IEnumerable<string> Texts(this YamlNode? node, params string[] path) => node.Items(path).Select(item => item.Text()!);

    public static Dictionary<string, string> Map(this YamlNode? node, params string[] path) => node.At(path) is YamlMappingNode map
        ? map.Children.ToDictionary(child => child.Key.Text()!, child => child.Value.Text()!)
        : [];

    public static YamlNode Named(this IEnumerable<YamlNode> nodes, string name) => nodes.Single(node => node.Text("name") == name);
}
