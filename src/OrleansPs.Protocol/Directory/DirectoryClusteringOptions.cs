namespace OrleansPs.Protocol;

/// <summary>Where the silos of a machine find each other, and clients find them.</summary>
public sealed class DirectoryClusteringOptions
{
    internal const string Key = "Orleans:Clustering:Directory";

    /// <summary>
    /// A directory that all silos and clients of the cluster see. Environment variables (<c>$NAME</c>, <c>${NAME}</c>, <c>%NAME%</c>)
    /// and a leading <c>~/</c> are filled in; what is relative begins at the current directory.
    /// </summary>
    public string Directory { get; set; } = "";

    internal string FullPath => DirectoryPath.Expand(Key, Directory);

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">There is no directory, or it names a variable that is not set.</exception>
    public void Validate() => _ = FullPath;
}
