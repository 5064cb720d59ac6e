using Orleans.Storage;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Where grain states are kept as files, and how.</summary>
public sealed class DirectoryGrainStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>
    /// A directory that all silos see, made where it does not exist. Environment variables (<c>$NAME</c>, <c>${NAME}</c>,
    /// <c>%NAME%</c>) and a leading <c>~/</c> are filled in; what is relative begins at the current directory.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// Makes bytes of states; by default the one registered under the storage's name, or else Orleans' own.
    /// <see cref="StoredBytes"/> need none and are kept as they are.
    /// </summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

    internal string FullPath(string name) => DirectoryPath.Expand($"Orleans:GrainStorage:{name}:Directory", Directory);
}
