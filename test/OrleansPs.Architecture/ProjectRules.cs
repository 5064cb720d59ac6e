namespace OrleansPs.Architecture;

/// <summary>Who may see whom. The picture is in src/ARCHITECTURE.md; this is its enforcement.</summary>
internal static class ProjectRules
{
    private const string Prefix = "OrleansPs.";

    /// <summary>The arrows of the picture. A project may see what it points at and everything beneath.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Abstractions"] = [],
        ["Core"] = ["Abstractions"],
        ["Client"] = ["Core"],
        ["Hosting"] = ["Client"],
        ["Embedded"] = ["Hosting"],
        ["Training"] = ["Abstractions"],
        ["Protocol"] = ["Client"],
        ["Grains"] = ["Protocol", "Hosting"],
        ["Silo"] = ["Grains"],
        ["Train"] = ["Embedded", "Training"],
        ["Worker"] = ["Protocol", "Training"],
        ["Ctl"] = ["Protocol", "Hosting", "Training"],
        ["Bench"] = ["Embedded", "Training", "Protocol", "Silo"],
        ["Torture"] = ["Protocol", "Silo"],
        // It runs the simulator, which is a test and looks into both.
        ["Simulate"] = ["Simulation"],
        ["Simulation"] = ["Client", "Core"],
    };

    private static readonly string[] SeeOrleans = ["Protocol", "Grains", "Silo", "Worker", "Ctl", "Bench", "Torture"];

    /// <summary>Rooms whose packages are counted, because they are meant to stay pure.</summary>
    private static readonly Dictionary<string, string[]> OnlyPackages = new()
    {
        ["Abstractions"] = [],
        ["Core"] = ["System.Numerics.Tensors"],
        ["Training"] = ["System.Numerics.Tensors"],
    };

    private static readonly string[] ServerPackages = ["Microsoft.Orleans.Server", "Microsoft.Orleans.Runtime"];

    /// <summary>Whether a project may see Orleans: one of the rooms and tools that are made for it, or their tests.</summary>
    public static bool MaySeeOrleans(string project) => SeeOrleans.Contains(Room(project));

    /// <summary>Whether an assembly or a package belongs to Orleans.</summary>
    public static bool IsOrleans(string name) =>
        name == "Orleans" || name.StartsWith("Orleans.", StringComparison.Ordinal) ||
        name.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal);

    public static IEnumerable<string> Check(IReadOnlyList<ProjectFile> projects) =>
        projects.SelectMany(project => Direction(project).Concat(Packages(project)).Concat(Orleans(project)));

    /// <summary>The rule of <see cref="Check"/> again for a compiled assembly, which also shows what came in transitively.</summary>
    public static IEnumerable<string> CheckAssembly(string name, IEnumerable<string> references) => references.SelectMany(reference =>
        IsOrleans(reference) && !MaySeeOrleans(name) ? [$"{name}: the assembly refers to {reference}, but may not see Orleans"]
        : reference.StartsWith(Prefix, StringComparison.Ordinal) && !Beneath(Room(name)).Contains(Room(reference))
            ? [$"{name}: the assembly refers to {reference}, against the direction"]
            : Array.Empty<string>());

    private static IEnumerable<string> Direction(ProjectFile project)
    {
        if (project.Folder == "test")
        {
            return [];
        }

        return Arrows.ContainsKey(Room(project.Name))
            ? project.References.Where(reference => !Beneath(Room(project.Name)).Contains(Room(reference)))
                .Select(reference => $"{project.Name}: refers to {reference}, against the direction")
            : [$"{project.Name}: has no place in the picture of the rooms"];
    }

    private static IEnumerable<string> Packages(ProjectFile project)
    {
        var room = project.Folder == "src" ? Room(project.Name) : "";
        var unwanted = OnlyPackages.TryGetValue(room, out var allowed) ? project.Packages.Except(allowed)
            : room == "Protocol" ? project.Packages.Where(ServerPackages.Contains)
            : [];
        return unwanted.Select(package => $"{project.Name}: may not refer to the package {package}");
    }

    private static IEnumerable<string> Orleans(ProjectFile project) => MaySeeOrleans(project.Name) ? [] :
        project.Packages.Where(IsOrleans).Concat(project.References.Where(MaySeeOrleans))
            .Select(reference => $"{project.Name}: refers to {reference}, but may not see Orleans");

    private static string Room(string project)
    {
        var room = project.StartsWith(Prefix, StringComparison.Ordinal) ? project[Prefix.Length..] : project;
        return room.EndsWith(".Tests", StringComparison.Ordinal) ? room[..^".Tests".Length] : room;
    }

    private static HashSet<string> Beneath(string room) =>
        [.. Arrows.GetValueOrDefault(room, []).SelectMany(below => Beneath(below).Append(below))];
}
