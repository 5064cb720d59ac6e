using System.Collections.Concurrent;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace OrleansPs.Simulation.Mutants;

/// <summary>A project of src/, compiled from its sources into memory: what the build makes of it, but with a mutant's change.</summary>
internal sealed class SourceProject
{
    /// <summary>What the build's implicit usings stand for.</summary>
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly ConcurrentDictionary<string, SourceProject> Known = new();
    private static readonly string Root = FindRoot();

    private readonly CSharpCompilation _compilation;

    private SourceProject(string name)
    {
        var folder = Path.Combine(Root, "src", name);
        var project = XDocument.Load(Path.Combine(folder, name + ".csproj"));
        _compilation = CSharpCompilation.Create(
            name,
            [.. Sources(folder).Select(Parse), Parse("usings", Usings), Parse("friends", Friends(project))],
            References(project),
            new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
    }

    public static SourceProject Of(string name) => Known.GetOrAdd(name, n => new(n));

    /// <summary>The compiled assembly; with no mutant the one that the build makes.</summary>
    /// <exception cref="InvalidOperationException">The mutant is out of date, or does not compile.</exception>
    public byte[] Compile(Mutant? mutant)
    {
        using var image = new MemoryStream();
        var result = (mutant is null ? _compilation : Mutated(mutant)).Emit(image);
        return result.Success ? image.ToArray() : throw new InvalidOperationException(
            $"Mutant '{mutant?.Name}' does not compile:\n"
            + string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5)));
    }

    private CSharpCompilation Mutated(Mutant mutant)
    {
        var path = Path.Combine(Root, mutant.File.Replace('/', Path.DirectorySeparatorChar));
        var tree = _compilation.SyntaxTrees.FirstOrDefault(t => t.FilePath == path)
            ?? throw new InvalidOperationException($"Mutant '{mutant.Name}' is out of date: there is no {mutant.File}.");
        return _compilation.ReplaceSyntaxTree(tree, Parse(path, mutant.Apply(tree.ToString())));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal);

    private static SyntaxTree Parse(string path) => Parse(path, File.ReadAllText(path).ReplaceLineEndings("\n"));

    private static SyntaxTree Parse(string path, string text) => CSharpSyntaxTree.ParseText(
        SourceText.From(text, System.Text.Encoding.UTF8), new(LanguageVersion.Latest), path);

    private static string Friends(XDocument project) => string.Join('\n', Included(project, "InternalsVisibleTo")
        .Select(friend => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend}\")]"));

    /// <summary>The framework and all packages that this process runs with, but of this repository only what lies below the project.</summary>
    private static IEnumerable<MetadataReference> References(XDocument project)
    {
        var below = Below(project).ToHashSet();
        return ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) is var name
                && (below.Contains(name) || !name.StartsWith("OrleansPs.", StringComparison.Ordinal)))
            .Select(path => MetadataReference.CreateFromFile(path));
    }

    private static IEnumerable<string> Below(XDocument project) =>
        Included(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).SelectMany(name =>
            Below(XDocument.Load(Path.Combine(Root, "src", name, name + ".csproj"))).Append(name));

    private static IEnumerable<string> Included(XDocument project, string item) =>
        project.Descendants(item).Select(i => i.Attribute("Include")!.Value.Replace('\\', '/'));

    private static string FindRoot()
    {
        for (var d = new DirectoryInfo(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "OrleansPs.sln"))) return d.FullName;
        throw new FileNotFoundException($"There is no OrleansPs.sln above {AppContext.BaseDirectory}.");
    }
}
