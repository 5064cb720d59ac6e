using System.Xml.Linq;

namespace OrleansPs.Architecture;

/// <summary>What a .csproj file says about references and packaging.</summary>
internal sealed record ProjectFile(
    string Path,
    IReadOnlyList<string> References,
    IReadOnlyList<string> Packages,
    IReadOnlyDictionary<string, string> Properties)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The top folder the project lies in: src, test or tools.</summary>
    public string Folder => Path.Split('/')[0];

    public static ProjectFile Parse(string path, string xml)
    {
        var root = XDocument.Parse(xml).Root!;
        return new ProjectFile(
            path,
            [.. Includes(root, "ProjectReference").Select(include => System.IO.Path.GetFileNameWithoutExtension(include.Replace('\\', '/')))],
            [.. Includes(root, "PackageReference")],
            root.Elements("PropertyGroup").Elements()
                .GroupBy(property => property.Name.LocalName)
                .ToDictionary(group => group.Key, group => group.Last().Value));
    }

    private static IEnumerable<string> Includes(XElement root, string item) =>
        root.Descendants(item).Select(element => (string?)element.Attribute("Include")).OfType<string>();
}
