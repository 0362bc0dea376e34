# Two Debian packages: cmake --build build --target package
#
#   btrun-runtime   btrun itself: runs images and stand-alone programs, small, without LLVM
#   btrun           its compiler, what that uses, scripts and their manuals
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME btrun)
set(CPACK_PACKAGE_VENDOR btrun)
set(CPACK_PACKAGE_CONTACT "btrun <root@localhost>" CACHE STRING "the Maintainer of the Debian packages")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL runtime compiler)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME btrun-runtime)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "runs compiled bpftrace scripts
btrun traces a running Linux system with scripts of the bpftrace language.
This package runs those that have been compiled, as images or stand-alone
programs, without LLVM, headers or a compiler.")
# Reads instructions where a probe has an offset, and only then.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "btrun, libcapstone4")

set(CPACK_DEBIAN_COMPILER_PACKAGE_NAME btrun)
set(CPACK_COMPONENT_COMPILER_DESCRIPTION "tracer for scripts of the bpftrace language
btrun compiles scripts of the bpftrace language and runs them, or writes
programs that run where only btrun-runtime is, or nothing of btrun.")
set(CPACK_DEBIAN_COMPILER_PACKAGE_DEPENDS "btrun-runtime (= ${PROJECT_VERSION})")
# For scripts that include C headers.
set(CPACK_DEBIAN_COMPILER_PACKAGE_RECOMMENDS "libclang1-19, libclang-common-19-dev")

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/btrun-runtime RENAME copyright COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/btrun RENAME copyright COMPONENT compiler)
install(FILES man/btrun.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT runtime)
install(FILES packaging/btrun.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME btrun COMPONENT runtime)
install(FILES packaging/btrun@.service DESTINATION lib/systemd/system COMPONENT runtime)
# A sample: whoever wants it copies it to /etc/systemd/system.
install(FILES packaging/btrun@.service DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/btrun-runtime/examples
    COMPONENT runtime)
install(FILES man/btrun.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT compiler)
# Where bpftrace's package has tools of the same names, both can be installed.
file(GLOB tools CONFIGURE_DEPENDS man/*.bt.8)
foreach(page ${tools})
    get_filename_component(name ${page} NAME)
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 RENAME btrun-${name} COMPONENT compiler)
endforeach()
file(GLOB scripts CONFIGURE_DEPENDS scripts/*.bt)
install(PROGRAMS ${scripts} DESTINATION ${CMAKE_INSTALL_DATADIR}/btrun COMPONENT compiler)
file(GLOB examples CONFIGURE_DEPENDS scripts/*_examples.txt)
install(FILES ${examples} README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/btrun COMPONENT compiler)
include(CPack)
