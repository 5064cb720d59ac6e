using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace OrleansPs.Architecture;

/// <summary>
/// What the compiled code of an assembly refers to: assemblies, types by full name, members as "type::name".
/// Read from the metadata tables, so nothing is loaded and a comment or a string is never mistaken for a use.
/// </summary>
internal sealed record AssemblyReferences(
    IReadOnlySet<string> Assemblies, IReadOnlySet<string> Types, IReadOnlySet<string> Members)
{
    public static AssemblyReferences Read(PEReader file)
    {
        var metadata = file.GetMetadataReader();
        return new AssemblyReferences(
            metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).ToHashSet(),
            metadata.TypeReferences.Select(handle => FullName(metadata, handle)).ToHashSet(),
            metadata.MemberReferences.Select(handle => Member(metadata, handle)).OfType<string>().ToHashSet());
    }

    private static string FullName(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return FullName(metadata, (TypeReferenceHandle)type.ResolutionScope) + "+" + name;
        }

        return type.Namespace.IsNil ? name : metadata.GetString(type.Namespace) + "." + name;
    }

    // Members of constructed generic types have a signature as their parent; their type is in the type table all the same.
    private static string? Member(MetadataReader metadata, MemberReferenceHandle handle)
    {
        var member = metadata.GetMemberReference(handle);
        return member.Parent.Kind == HandleKind.TypeReference
            ? FullName(metadata, (TypeReferenceHandle)member.Parent) + "::" + metadata.GetString(member.Name)
            : null;
    }
}
