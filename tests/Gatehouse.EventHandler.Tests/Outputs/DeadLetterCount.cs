using Gatehouse.EventHandler.Outputs;

namespace Gatehouse.EventHandler.Tests;

internal static class DeadLetterCount
{
    extension(DeadLetterFile file)
    {
        /// <summary>Lines that lie there.</summary>
        public int Count => File.Exists(file.Path) ? File.ReadLines(file.Path).Count() : 0;
    }
}
