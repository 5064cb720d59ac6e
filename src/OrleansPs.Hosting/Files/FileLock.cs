namespace OrleansPs.Hosting;

/// <summary>
/// Files as locks: who has one open excludes all others, in this process and in others, until it is closed or its
/// process dies. (On Unix these are advisory locks of .NET; network file systems may not keep them.)
/// </summary>
internal static class FileLock
{
    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnMac = 35;

    public static FileStream Open(string path) =>
        new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    public static bool IsHeld(IOException exception) =>
        exception.HResult is WindowsSharingViolation or WouldBlockOnLinux or WouldBlockOnMac;
}
