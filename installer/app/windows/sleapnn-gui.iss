; The setup of the bundled app for Windows, for Inno Setup 6: ISCC /DVersion=… /DFolder=… /O… /F… sleapnn-gui.iss
; It installs for the person who runs it, without an administrator, and opens labels with the app.

#define Name "sleapnn-gui"

[Setup]
AppId={{6E0B8D0A-7C52-4B0B-9A53-5B7A4D5C1F21}
AppName={#Name}
AppVersion={#Version}
AppPublisher=The sleapnn-gui authors
DefaultDirName={autopf}\{#Name}
DefaultGroupName={#Name}
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
CloseApplications=yes
Compression=lzma2
SolidCompression=yes
LicenseFile={#Folder}\licences\{#Name}.txt
UninstallDisplayIcon={app}\{#Name}.exe
WizardStyle=modern

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[InstallDelete]
; What an earlier version had and this one has not would be imported all the same.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{autoprograms}\{#Name}"; Filename: "{app}\{#Name}.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.slp\OpenWithProgids"; ValueType: string; ValueName: "{#Name}.labels"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\{#Name}.labels"; ValueType: string; ValueData: "SLEAP labels"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\{#Name}.labels\shell\open\command"; ValueType: string; ValueData: """{app}\{#Name}.exe"" ""%1"""

[Run]
Filename: "{app}\{#Name}.exe"; Description: "Open {#Name}"; Flags: nowait postinstall skipifsilent
